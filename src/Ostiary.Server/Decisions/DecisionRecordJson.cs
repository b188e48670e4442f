using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Text.Json;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Decisions;

/// <summary>
/// The members of a decision in a line of the log, in fixed order. A reader ignores members it does not know; a reason of a later version keeps its number.
/// </summary>
public static class DecisionRecordJson
{
    private const int LongestName = 256;
    private const int LongestList = 2048;
    private static readonly ConcurrentDictionary<Reason, JsonEncodedText> Names = new();
    private static readonly FrozenDictionary<string, Reason> ByName = Enum.GetValues<Reason>()
        .ToFrozenDictionary(Refusal.NameOf, StringComparer.Ordinal);

    /// <summary>Into an open object; <c>at</c> is written by the line.</summary>
    public static void Write(Utf8JsonWriter json, DecisionRecord record)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(record);
        Write(json, "flow"u8, record.Flow, LongestName);
        Write(json, "act"u8, record.Act, LongestName);
        if (record.Refused is { } reason)
        {
            json.WriteString("refused"u8, Names.GetOrAdd(reason, static reason => JsonEncodedText.Encode(Refusal.NameOf(reason))));
            json.WriteNumber("code"u8, (int)reason);
        }
        json.WriteNumber("passed"u8, record.Passed);
        Write(json, "client"u8, record.ClientId, LongestName);
        Write(json, "subject"u8, record.Subject, LongestName);
        Write(json, "grant"u8, record.GrantId, LongestName);
        Write(json, "session"u8, record.SessionId, LongestName);
        Write(json, "token"u8, record.TokenId, LongestName);
        Write(json, "scope"u8, record.Scope, LongestList);
        Write(json, "audience"u8, record.Audience, LongestList);
        Write(json, "item"u8, record.Item, LongestName);
        Write(json, "network"u8, record.Network, LongestName);
        if (record.Generation is { } generation)
            json.WriteNumber("generation"u8, generation);
        Write(json, "change"u8, record.Change, LongestName);
        json.WriteNumber("revision"u8, record.Revision);
    }

    /// <summary>From the object of a line. Null where it is not a decision: a checkpoint, or something of a later version.</summary>
    public static DecisionRecord? Read(JsonElement line)
    {
        if (line.ValueKind != JsonValueKind.Object || Text(line, "act") is not { } act || Text(line, "flow") is not { } flow)
            return null;
        if (!line.TryGetProperty("at"u8, out var at) || at.ValueKind != JsonValueKind.String || !at.TryGetDateTimeOffset(out var time))
            return null;
        return new DecisionRecord
        {
            At = time,
            Flow = flow,
            Act = act,
            Refused = ReasonOf(line),
            Passed = (int)(Number(line, "passed") ?? 0),
            ClientId = Text(line, "client"),
            Subject = Text(line, "subject"),
            GrantId = Text(line, "grant"),
            SessionId = Text(line, "session"),
            TokenId = Text(line, "token"),
            Scope = Text(line, "scope"),
            Audience = Text(line, "audience"),
            Item = Text(line, "item"),
            Network = Text(line, "network"),
            Generation = (int?)Number(line, "generation"),
            Change = Text(line, "change"),
            Revision = Number(line, "revision") ?? 0,
        };
    }

    private static Reason? ReasonOf(JsonElement line)
    {
        if (Text(line, "refused") is not { } name)
            return null;
        return ByName.TryGetValue(name, out var reason) ? reason : (Reason)(Number(line, "code") ?? 0);
    }

    private static string? Text(JsonElement line, string name) =>
        line.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;

    private static long? Number(JsonElement line, string name) =>
        line.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.Number && member.TryGetInt64(out var number) ? number : null;

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? value, int limit)
    {
        if (value is not null)
            json.WriteString(name, Redaction.Clean(value, limit));
    }
}
