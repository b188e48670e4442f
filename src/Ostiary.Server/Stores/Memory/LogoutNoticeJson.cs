using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.EndSession;

namespace Ostiary.Server.Stores.Memory;

/// <summary>A notice as JSON and back, in the journal and in a backup.</summary>
internal static class LogoutNoticeJson
{
    public static void Write(Utf8JsonWriter writer, LogoutNotice notice)
    {
        writer.WriteStartObject();
        writer.WriteString("session", notice.SessionId);
        writer.WriteString("client", notice.ClientId);
        writer.WriteString("subject", notice.Subject);
        writer.WriteString("created", notice.CreatedAt);
        writer.WriteString("due", notice.DueAt);
        writer.WriteString("until", notice.KeptUntil);
        writer.WriteNumber("state", (int)notice.State);
        writer.WriteNumber("tries", notice.Tries);
        if (notice.Refused is { } reason)
            writer.WriteNumber("refused", (int)reason);
        writer.WriteEndObject();
    }

    public static LogoutNotice Read(ref Utf8JsonReader reader)
    {
        var notice = new LogoutNotice
        {
            SessionId = "",
            ClientId = "",
            Subject = "",
            CreatedAt = default,
            DueAt = default,
            KeptUntil = default,
        };
        while (StoredJson.NextMember(ref reader, out var name))
        {
            notice = name switch
            {
                "session" => notice with { SessionId = StoredJson.Text(ref reader) },
                "client" => notice with { ClientId = StoredJson.Text(ref reader) },
                "subject" => notice with { Subject = StoredJson.Text(ref reader) },
                "created" => notice with { CreatedAt = reader.GetDateTimeOffset() },
                "due" => notice with { DueAt = reader.GetDateTimeOffset() },
                "until" => notice with { KeptUntil = reader.GetDateTimeOffset() },
                "state" => notice with { State = (LogoutNoticeState)reader.GetInt32() },
                "tries" => notice with { Tries = reader.GetInt32() },
                "refused" => notice with { Refused = (Reason)reader.GetInt32() },
                _ => StoredJson.Skip(ref reader, notice),
            };
        }
        return notice;
    }
}
