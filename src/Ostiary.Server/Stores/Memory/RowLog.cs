using System.Buffers;
using System.Text.Json;
using Ostiary.Server.Consents;
using Ostiary.Server.Grants;
using Ostiary.Server.Sessions;

namespace Ostiary.Server.Stores.Memory;

/// <summary>
/// Changes of rows as a JSON array: <c>{"grant":{…}}</c> puts a row, <c>{"no-grant":"id"}</c> removes it. Whole rows, so applying a change twice is harmless.
/// </summary>
internal sealed class RowLog : IDisposable
{
    private readonly ArrayBufferWriter<byte> buffer = new(4096);
    private readonly Utf8JsonWriter writer;

    public RowLog() => writer = new(buffer, GrantJson.Options);

    public bool IsEmpty { get; private set; } = true;

    public void Begin()
    {
        buffer.ResetWrittenCount();
        writer.Reset();
        writer.WriteStartArray();
        IsEmpty = true;
    }

    /// <summary>Until the next <see cref="Begin"/>.</summary>
    public ReadOnlySpan<byte> End()
    {
        writer.WriteEndArray();
        writer.Flush();
        return buffer.WrittenSpan;
    }

    public void Dispose() => writer.Dispose();

    /// <summary>From now on every change of the state is written here.</summary>
    public void Follow(MemoryState state)
    {
        state.Grants.Changed = (id, grant) => Write("grant", grant, RowJson.Write, () => writer.WriteString("no-grant", id.ToString()));
        state.Sessions.Changed = (id, session) => Write("session", session, RowJson.Write, () => writer.WriteString("no-session", id));
        state.Consents.Changed = (key, consent) => Write("consent", consent, RowJson.Write, () => WritePair("no-consent", key.Subject, key.ClientId));
        state.OneTime.Changed = (key, entry) => Write("once", entry, WriteOnce, () => writer.WriteString("no-once", key));
        state.LogoutNotices.Changed = (id, notice) => Write("notice", notice, LogoutNoticeJson.Write, () => writer.WriteString("no-notice", id));
        state.Changes.Changed = (sequence, change) => Write("change", change, RowJson.Write, () => writer.WriteNumber("no-change", sequence));
        state.Documents.Changed = (key, document) => Write("document", document, RowJson.Write, () => WritePair("no-document", key.Kind, key.Id));
        state.Counters.Changed = (_, counter) => Write("counter", counter, WriteCounter, () => { });
    }

    /// <summary>Every row of the state, for a snapshot: <paramref name="written"/> is called after each.</summary>
    public static void WriteAll(Utf8JsonWriter writer, MemoryState state, Action written)
    {
        WriteTable(writer, "counter", state.Counters.Rows, WriteCounter, written);
        WriteTable(writer, "document", state.Documents.Rows, RowJson.Write, written);
        WriteTable(writer, "consent", state.Consents.Rows, RowJson.Write, written);
        WriteTable(writer, "session", state.Sessions.Rows, RowJson.Write, written);
        WriteTable(writer, "grant", state.Grants.Rows, RowJson.Write, written);
        WriteTable(writer, "once", state.OneTime.Rows, WriteOnce, written);
        WriteTable(writer, "notice", state.LogoutNotices.Rows, LogoutNoticeJson.Write, written);
        WriteTable(writer, "change", state.Changes.Rows, RowJson.Write, written);
    }

    /// <summary>Applies the change the reader stands before. A change that this version does not know is not skipped: what it did would be lost.</summary>
    public static void Apply(ref Utf8JsonReader reader, MemoryState state)
    {
        if (reader.TokenType != JsonTokenType.StartObject || !StoredJson.NextMember(ref reader, out var name))
            throw new JsonException("A row was expected.");
        switch (name)
        {
            case "grant":
                var grant = RowJson.ReadGrant(ref reader);
                state.Grants.Put(grant.Id, grant);
                break;
            case "no-grant":
                state.Grants.Remove(RowJson.ReadId(ref reader));
                break;
            case "session":
                var session = RowJson.ReadSession(ref reader);
                state.Sessions.Put(session.Id, session);
                break;
            case "no-session":
                state.Sessions.Remove(StoredJson.Text(ref reader));
                break;
            case "consent":
                var consent = RowJson.ReadConsent(ref reader);
                state.Consents.Put((consent.Subject, consent.ClientId), consent);
                break;
            case "no-consent":
                state.Consents.Remove(ReadPair(ref reader));
                break;
            case "once":
                Put(state, ReadOnce(ref reader));
                break;
            case "no-once":
                state.OneTime.Remove(StoredJson.Text(ref reader));
                break;
            case "notice":
                Put(state, LogoutNoticeJson.Read(ref reader));
                break;
            case "no-notice":
                state.LogoutNotices.Remove(StoredJson.Text(ref reader));
                break;
            case "change":
                var change = RowJson.ReadChange(ref reader);
                state.Changes.Put(change.Sequence, change);
                break;
            case "no-change":
                state.Changes.Remove(reader.GetInt64());
                break;
            case "document":
                var document = RowJson.ReadDocument(ref reader);
                state.Documents.Put((document.Kind, document.Id), document);
                break;
            case "no-document":
                state.Documents.Remove(ReadPair(ref reader));
                break;
            case "counter":
                var counter = ReadCounter(ref reader);
                state.Counters.Put(counter.Name, counter);
                break;
            default:
                throw new JsonException("An unknown row.");
        }
        if (StoredJson.NextMember(ref reader, out _))
            throw new JsonException("One row was expected.");
    }

    private static void Put(MemoryState state, OneTimeEntry entry) => state.OneTime.Put(entry.Key, entry);

    private static void Put(MemoryState state, EndSession.LogoutNotice notice) => state.LogoutNotices.Put(notice.Id, notice);

    private void Write<T>(string name, T? row, Action<Utf8JsonWriter, T> write, Action writeRemoval)
        where T : class
    {
        IsEmpty = false;
        writer.WriteStartObject();
        if (row is null)
        {
            writeRemoval();
        }
        else
        {
            writer.WritePropertyName(name);
            write(writer, row);
        }
        writer.WriteEndObject();
    }

    private static void WriteTable<T>(Utf8JsonWriter writer, string name, IEnumerable<T> rows, Action<Utf8JsonWriter, T> write, Action written)
    {
        foreach (var row in rows)
        {
            writer.WriteStartObject();
            writer.WritePropertyName(name);
            write(writer, row);
            writer.WriteEndObject();
            written();
        }
    }

    private static void WriteOnce(Utf8JsonWriter writer, OneTimeEntry entry)
    {
        writer.WriteStartObject();
        writer.WriteString("key", entry.Key);
        writer.WriteString("until", entry.Until);
        writer.WriteEndObject();
    }

    private static OneTimeEntry ReadOnce(ref Utf8JsonReader reader)
    {
        var entry = new OneTimeEntry("", default);
        while (StoredJson.NextMember(ref reader, out var name))
        {
            entry = name switch
            {
                "key" => entry with { Key = StoredJson.Text(ref reader) },
                "until" => entry with { Until = reader.GetDateTimeOffset() },
                _ => StoredJson.Skip(ref reader, entry),
            };
        }
        return entry;
    }

    private static void WriteCounter(Utf8JsonWriter writer, Counter counter)
    {
        writer.WriteStartObject();
        writer.WriteNumber(counter.Name, counter.Value);
        writer.WriteEndObject();
    }

    private static Counter ReadCounter(ref Utf8JsonReader reader)
    {
        var counter = new Counter("", 0);
        while (StoredJson.NextMember(ref reader, out var name))
            counter = new(name, reader.GetInt64());
        return counter;
    }

    private void WritePair(string name, string first, string second)
    {
        writer.WritePropertyName(name);
        GrantJson.WriteList(writer, [first, second]);
    }

    private static (string, string) ReadPair(ref Utf8JsonReader reader) =>
        GrantJson.ReadList(ref reader) is [var first, var second] ? (first, second) : throw new JsonException("A pair was expected.");
}
