using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Server.Grants;

namespace Ostiary.Server.Stores;

/// <summary>
/// The JSON in which every engine keeps requests and approvals. Members that have their default are left out; members this version does not know are
/// skipped, so a newer version may add one without a new format.
/// </summary>
public static class GrantJson
{
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Bytes(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, Options))
            write(writer);
        return buffer.WrittenSpan.ToArray();
    }

    public static void Write(Utf8JsonWriter writer, GrantRequest request)
    {
        writer.WriteStartObject();
        WriteText(writer, "redirect_uri", request.RedirectUri);
        if (!request.Scope.IsEmpty)
            writer.WriteString("scope", request.Scope.ToString());
        WriteList(writer, "resources", request.Resources);
        WriteText(writer, "state", request.State);
        WriteText(writer, "nonce", request.Nonce);
        if (request.ResponseMode != "query")
            writer.WriteString("response_mode", request.ResponseMode);
        WriteText(writer, "code_challenge", request.CodeChallenge);
        WriteList(writer, "prompt", request.Prompt);
        if (request.MaxAge is { } maxAge)
            writer.WriteNumber("max_age", maxAge);
        WriteText(writer, "login_hint", request.LoginHint);
        WriteList(writer, "ui_locales", request.UiLocales);
        WriteText(writer, "claims", request.Claims);
        WriteList(writer, "acr_values", request.AcrValues);
        WriteText(writer, "hinted_subject", request.HintedSubject);
        WriteText(writer, "browser", request.Browser);
        WriteText(writer, "once", request.OnceKey);
        WriteText(writer, "dpop_jkt", request.Sender?.Thumbprint);
        if (request.ForDevice)
            writer.WriteBoolean("device", true);
        WriteText(writer, "network", request.Network);
        writer.WriteString("flow", request.Flow);
        writer.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter writer, Approval approval)
    {
        writer.WriteStartObject();
        writer.WriteString("subject", approval.Subject);
        writer.WriteString("authenticated_at", approval.AuthenticatedAt);
        WriteText(writer, "session", approval.SessionId);
        if (approval.Offline)
            writer.WriteBoolean("offline", true);
        WriteMembersBesideColumns(writer, approval);
        writer.WriteEndObject();
    }

    /// <summary>Without the subject, the session, the time of authentication and whether it is offline, for an engine that has columns for these.</summary>
    public static void WriteBesideColumns(Utf8JsonWriter writer, Approval approval)
    {
        writer.WriteStartObject();
        WriteMembersBesideColumns(writer, approval);
        writer.WriteEndObject();
    }

    private static void WriteMembersBesideColumns(Utf8JsonWriter writer, Approval approval)
    {
        writer.WriteString("scope", approval.Scope.ToString());
        WriteText(writer, "acr", approval.Acr);
        WriteList(writer, "amr", approval.Amr);
        if (approval.Refreshable)
            writer.WriteBoolean("refreshable", true);
    }

    /// <summary>Throws <see cref="JsonException"/> where the text is not what <see cref="Write(Utf8JsonWriter, GrantRequest)"/> writes.</summary>
    public static GrantRequest ReadRequest(ReadOnlySpan<byte> json)
    {
        var reader = Begin(json);
        return ReadRequest(ref reader);
    }

    /// <summary>Throws <see cref="JsonException"/> where the text is not what <see cref="Write(Utf8JsonWriter, Approval)"/> writes.</summary>
    public static Approval ReadApproval(ReadOnlySpan<byte> json)
    {
        var reader = Begin(json);
        return ReadApproval(ref reader);
    }

    /// <summary>As <see cref="WriteBesideColumns"/> or <see cref="Write(Utf8JsonWriter, Approval)"/> writes it; the caller sets what the columns hold.</summary>
    public static Approval ReadApprovalBesideColumns(ReadOnlySpan<byte> json)
    {
        var reader = Begin(json);
        return ReadAnyApproval(ref reader);
    }

    internal static GrantRequest ReadRequest(ref Utf8JsonReader reader)
    {
        var request = new GrantRequest { Scope = ScopeSet.None, Flow = "" };
        while (StoredJson.NextMember(ref reader, out var name))
        {
            request = name switch
            {
                "redirect_uri" => request with { RedirectUri = reader.GetString() },
                "scope" => request with { Scope = ReadScope(ref reader) },
                "resources" => request with { Resources = ReadList(ref reader) },
                "state" => request with { State = reader.GetString() },
                "nonce" => request with { Nonce = reader.GetString() },
                "response_mode" => request with { ResponseMode = StoredJson.Text(ref reader) },
                "code_challenge" => request with { CodeChallenge = reader.GetString() },
                "prompt" => request with { Prompt = ReadList(ref reader) },
                "max_age" => request with { MaxAge = reader.GetInt64() },
                "login_hint" => request with { LoginHint = reader.GetString() },
                "ui_locales" => request with { UiLocales = ReadList(ref reader) },
                "claims" => request with { Claims = reader.GetString() },
                "acr_values" => request with { AcrValues = ReadList(ref reader) },
                "hinted_subject" => request with { HintedSubject = reader.GetString() },
                "dpop_jkt" => request with { Sender = SenderKey.Dpop(StoredJson.Text(ref reader)) },
                "browser" => request with { Browser = reader.GetString() },
                "once" => request with { OnceKey = reader.GetString() },
                "device" => request with { ForDevice = reader.GetBoolean() },
                "network" => request with { Network = reader.GetString() },
                "flow" => request with { Flow = StoredJson.Text(ref reader) },
                _ => StoredJson.Skip(ref reader, request),
            };
        }
        return request;
    }

    internal static Approval ReadApproval(ref Utf8JsonReader reader) =>
        ReadAnyApproval(ref reader) is { Subject.Length: > 0 } approval ? approval : throw new JsonException("An approval without a subject.");

    private static Approval ReadAnyApproval(ref Utf8JsonReader reader)
    {
        var approval = new Approval
        {
            Subject = "",
            Scope = ScopeSet.None,
            AuthenticatedAt = default,
        };
        while (StoredJson.NextMember(ref reader, out var name))
        {
            approval = name switch
            {
                "subject" => approval with { Subject = StoredJson.Text(ref reader) },
                "scope" => approval with { Scope = ReadScope(ref reader) },
                "authenticated_at" => approval with { AuthenticatedAt = reader.GetDateTimeOffset() },
                "session" => approval with { SessionId = reader.GetString() },
                "acr" => approval with { Acr = reader.GetString() },
                "amr" => approval with { Amr = ReadList(ref reader) },
                "refreshable" => approval with { Refreshable = reader.GetBoolean() },
                "offline" => approval with { Offline = reader.GetBoolean() },
                _ => StoredJson.Skip(ref reader, approval),
            };
        }
        return approval;
    }

    internal static void WriteText(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
            writer.WriteString(name, value);
    }

    internal static void WriteList(Utf8JsonWriter writer, string name, IReadOnlyList<string> values)
    {
        if (values.Count == 0)
            return;
        writer.WritePropertyName(name);
        WriteList(writer, values);
    }

    public static void WriteList(Utf8JsonWriter writer, IReadOnlyList<string> values)
    {
        writer.WriteStartArray();
        foreach (var value in values)
            writer.WriteStringValue(value);
        writer.WriteEndArray();
    }

    public static IReadOnlyList<string> ReadList(ReadOnlySpan<byte> json)
    {
        var reader = Begin(json);
        return ReadList(ref reader);
    }

    internal static IReadOnlyList<string> ReadList(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException("A list was expected.");
        var values = new List<string>(2);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            values.Add(StoredJson.Text(ref reader));
        return values;
    }

    internal static ScopeSet ReadScope(ref Utf8JsonReader reader) =>
        ScopeSet.TryParse(reader.GetString(), out var scope) ? scope : throw new JsonException("A scope was expected.");

    private static Utf8JsonReader Begin(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        return reader;
    }
}
