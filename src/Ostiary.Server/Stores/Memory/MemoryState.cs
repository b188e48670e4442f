using Ostiary.Server.Consents;
using Ostiary.Server.EndSession;
using Ostiary.Server.Grants;
using Ostiary.Server.Sessions;

namespace Ostiary.Server.Stores.Memory;

internal sealed record OneTimeEntry(string Key, DateTimeOffset Until);

internal sealed record Counter(string Name, long Value);

/// <summary>All rows of an issuer.</summary>
internal sealed class MemoryState
{
    public const string Sequence = "sequence";
    public const string Revision = "revision";
    public const string Probe = "probe";

    public Table<GrantId, Grant> Grants { get; } = new();
    public Table<string, Session> Sessions { get; } = new();
    public Table<(string Subject, string ClientId), Consent> Consents { get; } = new();
    public Table<string, OneTimeEntry> OneTime { get; } = new();
    public Table<string, LogoutNotice> LogoutNotices { get; } = new();
    public Table<long, Change> Changes { get; } = new();
    public Table<(string Kind, string Id), Document> Documents { get; } = new();
    public Table<string, Counter> Counters { get; } = new();

    /// <summary>Rings when a change of the feed or the documents is kept.</summary>
    public NewsBell News { get; } = new();

    /// <summary>Whether something that waits to be kept is for the followers.</summary>
    public bool HasNews { get; set; }

    public TimeSpan Retention { get; set; } = StoreTime.EndIsKept;

    public long Append(ChangeKind kind, string id, DateTimeOffset until, DateTimeOffset now)
    {
        var sequence = (Counters.Current(Sequence)?.Value ?? 0) + 1;
        Counters.Put(Sequence, new(Sequence, sequence));
        HasNews = true;
        Changes.Put(sequence, new(sequence, kind, id, StoreTime.Cut(now), StoreTime.Cut(until)));
        return sequence;
    }

    public void Keep()
    {
        Grants.Keep();
        Sessions.Keep();
        Consents.Keep();
        OneTime.Keep();
        LogoutNotices.Keep();
        Changes.Keep();
        Documents.Keep();
        Counters.Keep();
        if (HasNews)
            News.Ring();
        HasNews = false;
    }

    public void Discard()
    {
        Grants.Discard();
        Sessions.Discard();
        Consents.Discard();
        OneTime.Discard();
        LogoutNotices.Discard();
        Changes.Discard();
        Documents.Discard();
        Counters.Discard();
        HasNews = false;
    }
}
