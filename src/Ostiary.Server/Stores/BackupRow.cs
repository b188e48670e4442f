using System.Text.Json;
using Ostiary.Server.Stores.Memory;

namespace Ostiary.Server.Stores;

/// <summary>A row of a backup: an object with one member, which says what it is.</summary>
internal static class BackupRow
{
    public static void Write(Utf8JsonWriter json, StoredRow row)
    {
        json.WriteStartObject();
        switch (row)
        {
            case StoredGrant { Grant: var grant }:
                json.WritePropertyName("grant");
                RowJson.Write(json, grant);
                break;
            case StoredSession { Session: var session }:
                json.WritePropertyName("session");
                RowJson.Write(json, session);
                break;
            case StoredConsent { Consent: var consent }:
                json.WritePropertyName("consent");
                RowJson.Write(json, consent);
                break;
            case StoredChange { Change: var change }:
                json.WritePropertyName("change");
                RowJson.Write(json, change);
                break;
            case StoredLogoutNotice { Notice: var notice }:
                json.WritePropertyName("notice");
                LogoutNoticeJson.Write(json, notice);
                break;
            case StoredDocument { Document: var document }:
                json.WritePropertyName("document");
                RowJson.Write(json, document);
                break;
            case StoredOnce once:
                json.WriteStartObject("once");
                json.WriteString("key", once.Key);
                json.WriteString("until", once.Until);
                json.WriteEndObject();
                break;
            case StoredNumber number:
                json.WriteNumber(number.Name, number.Value);
                break;
            default:
                throw new ArgumentException("An unknown row.", nameof(row));
        }
        json.WriteEndObject();
    }

    /// <summary>A row that this version does not know is not skipped: it would be lost.</summary>
    public static StoredRow Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject || !StoredJson.NextMember(ref reader, out var name))
            throw new JsonException("A row was expected.");
        StoredRow row = name switch
        {
            "grant" => new StoredGrant(RowJson.ReadGrant(ref reader)),
            "session" => new StoredSession(RowJson.ReadSession(ref reader)),
            "consent" => new StoredConsent(RowJson.ReadConsent(ref reader)),
            "change" => new StoredChange(RowJson.ReadChange(ref reader)),
            "document" => new StoredDocument(RowJson.ReadDocument(ref reader)),
            "once" => ReadOnce(ref reader),
            "notice" => new StoredLogoutNotice(LogoutNoticeJson.Read(ref reader)),
            StoredNumber.Revision or StoredNumber.Sequence => new StoredNumber(name, reader.GetInt64()),
            _ => throw new JsonException("An unknown row."),
        };
        return StoredJson.NextMember(ref reader, out _) ? throw new JsonException("One row was expected.") : row;
    }

    private static StoredOnce ReadOnce(ref Utf8JsonReader reader)
    {
        var once = new StoredOnce("", default);
        while (StoredJson.NextMember(ref reader, out var name))
        {
            once = name switch
            {
                "key" => once with { Key = StoredJson.Text(ref reader) },
                "until" => once with { Until = reader.GetDateTimeOffset() },
                _ => StoredJson.Skip(ref reader, once),
            };
        }
        return once;
    }
}
