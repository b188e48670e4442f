using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Server.Consents;
using Ostiary.Server.Grants;
using Ostiary.Server.Sessions;

namespace Ostiary.Server.Stores.Memory;

/// <summary>A row as JSON and back. Members that this version does not know are skipped.</summary>
internal static class RowJson
{
    public static void Write(Utf8JsonWriter writer, Grant grant)
    {
        writer.WriteStartObject();
        writer.WriteString("id", grant.Id.ToString());
        writer.WriteString("client", grant.ClientId);
        writer.WriteString("status", grant.Status.ToString());
        writer.WriteString("created", grant.CreatedAt);
        writer.WriteString("expires", grant.ExpiresAt);
        if (grant.Generation != 0)
            writer.WriteNumber("generation", grant.Generation);
        WriteTime(writer, "rotated", grant.RotatedAt);
        WriteTime(writer, "used", grant.UsedAt);
        WriteTime(writer, "ended", grant.EndedAt);
        if (grant.End != GrantEnd.None)
            writer.WriteString("end", grant.End.ToString());
        writer.WritePropertyName("request");
        GrantJson.Write(writer, grant.Request);
        if (grant.Approval is { } approval)
        {
            writer.WritePropertyName("approval");
            GrantJson.Write(writer, approval);
        }
        writer.WriteEndObject();
    }

    public static Grant ReadGrant(ref Utf8JsonReader reader)
    {
        var grant = new Grant
        {
            Id = default,
            ClientId = "",
            Status = GrantStatus.Ended,
            CreatedAt = default,
            ExpiresAt = default,
            Request = null!,
        };
        while (StoredJson.NextMember(ref reader, out var name))
        {
            grant = name switch
            {
                "id" => grant with { Id = ReadId(ref reader) },
                "client" => grant with { ClientId = StoredJson.Text(ref reader) },
                "status" => grant with { Status = Enum.Parse<GrantStatus>(StoredJson.Text(ref reader)) },
                "created" => grant with { CreatedAt = reader.GetDateTimeOffset() },
                "expires" => grant with { ExpiresAt = reader.GetDateTimeOffset() },
                "generation" => grant with { Generation = reader.GetInt32() },
                "rotated" => grant with { RotatedAt = reader.GetDateTimeOffset() },
                "used" => grant with { UsedAt = reader.GetDateTimeOffset() },
                "ended" => grant with { EndedAt = reader.GetDateTimeOffset() },
                "end" => grant with { End = Enum.Parse<GrantEnd>(StoredJson.Text(ref reader)) },
                "request" => grant with { Request = GrantJson.ReadRequest(ref reader) },
                "approval" => grant with { Approval = GrantJson.ReadApproval(ref reader) },
                _ => StoredJson.Skip(ref reader, grant),
            };
        }
        return grant.Request is not null ? grant : throw new JsonException("A grant without a request.");
    }

    public static GrantId ReadId(ref Utf8JsonReader reader) =>
        GrantId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("An id was expected.");

    public static void Write(Utf8JsonWriter writer, Session session)
    {
        writer.WriteStartObject();
        writer.WriteString("id", session.Id);
        writer.WriteString("secret", session.SecretHash);
        writer.WriteString("subject", session.Subject);
        writer.WriteString("created", session.CreatedAt);
        writer.WriteString("authenticated", session.AuthenticatedAt);
        writer.WriteString("expires", session.ExpiresAt);
        writer.WriteString("seen", session.SeenAt);
        WriteTime(writer, "ended", session.EndedAt);
        GrantJson.WriteList(writer, "amr", session.Amr);
        GrantJson.WriteText(writer, "acr", session.Acr);
        GrantJson.WriteText(writer, "device", session.Device);
        GrantJson.WriteText(writer, "network", session.Network);
        writer.WriteEndObject();
    }

    public static Session ReadSession(ref Utf8JsonReader reader)
    {
        var session = new Session
        {
            Id = "",
            SecretHash = "",
            Subject = "",
            CreatedAt = default,
            AuthenticatedAt = default,
            ExpiresAt = default,
            SeenAt = default,
        };
        while (StoredJson.NextMember(ref reader, out var name))
        {
            session = name switch
            {
                "id" => session with { Id = StoredJson.Text(ref reader) },
                "secret" => session with { SecretHash = StoredJson.Text(ref reader) },
                "subject" => session with { Subject = StoredJson.Text(ref reader) },
                "created" => session with { CreatedAt = reader.GetDateTimeOffset() },
                "authenticated" => session with { AuthenticatedAt = reader.GetDateTimeOffset() },
                "expires" => session with { ExpiresAt = reader.GetDateTimeOffset() },
                "seen" => session with { SeenAt = reader.GetDateTimeOffset() },
                "ended" => session with { EndedAt = reader.GetDateTimeOffset() },
                "amr" => session with { Amr = GrantJson.ReadList(ref reader) },
                "acr" => session with { Acr = reader.GetString() },
                "device" => session with { Device = reader.GetString() },
                "network" => session with { Network = reader.GetString() },
                _ => StoredJson.Skip(ref reader, session),
            };
        }
        return session;
    }

    public static void Write(Utf8JsonWriter writer, Consent consent)
    {
        writer.WriteStartObject();
        writer.WriteString("subject", consent.Subject);
        writer.WriteString("client", consent.ClientId);
        writer.WriteString("scope", consent.Scope.ToString());
        writer.WriteString("granted", consent.GrantedAt);
        writer.WriteEndObject();
    }

    public static Consent ReadConsent(ref Utf8JsonReader reader)
    {
        var consent = new Consent("", "", ScopeSet.None, default);
        while (StoredJson.NextMember(ref reader, out var name))
        {
            consent = name switch
            {
                "subject" => consent with { Subject = StoredJson.Text(ref reader) },
                "client" => consent with { ClientId = StoredJson.Text(ref reader) },
                "scope" => consent with { Scope = GrantJson.ReadScope(ref reader) },
                "granted" => consent with { GrantedAt = reader.GetDateTimeOffset() },
                _ => StoredJson.Skip(ref reader, consent),
            };
        }
        return consent;
    }

    public static void Write(Utf8JsonWriter writer, Change change)
    {
        writer.WriteStartObject();
        writer.WriteNumber("sequence", change.Sequence);
        writer.WriteString("kind", change.Kind.ToString());
        writer.WriteString("id", change.Id);
        writer.WriteString("at", change.At);
        writer.WriteString("until", change.Until);
        writer.WriteEndObject();
    }

    public static Change ReadChange(ref Utf8JsonReader reader)
    {
        var change = new Change(0, default, "", default, default);
        while (StoredJson.NextMember(ref reader, out var name))
        {
            change = name switch
            {
                "sequence" => change with { Sequence = reader.GetInt64() },
                "kind" => change with { Kind = Enum.Parse<ChangeKind>(StoredJson.Text(ref reader)) },
                "id" => change with { Id = StoredJson.Text(ref reader) },
                "at" => change with { At = reader.GetDateTimeOffset() },
                "until" => change with { Until = reader.GetDateTimeOffset() },
                _ => StoredJson.Skip(ref reader, change),
            };
        }
        return change;
    }

    public static void Write(Utf8JsonWriter writer, Document document)
    {
        writer.WriteStartObject();
        writer.WriteString("kind", document.Kind);
        writer.WriteString("id", document.Id);
        // As text, so that a document comes back byte for byte.
        writer.WriteString("json", document.Json);
        writer.WriteEndObject();
    }

    public static Document ReadDocument(ref Utf8JsonReader reader)
    {
        var document = new Document("", "", "");
        while (StoredJson.NextMember(ref reader, out var name))
        {
            document = name switch
            {
                "kind" => document with { Kind = StoredJson.Text(ref reader) },
                "id" => document with { Id = StoredJson.Text(ref reader) },
                "json" => document with { Json = StoredJson.Text(ref reader) },
                _ => StoredJson.Skip(ref reader, document),
            };
        }
        return document;
    }

    private static void WriteTime(Utf8JsonWriter writer, string name, DateTimeOffset? time)
    {
        if (time is { } value)
            writer.WriteString(name, value);
    }
}
