namespace Ostiary.Server.Stores.Memory;

internal sealed class MemoryArchive(IMemoryEngine engine) : IStoreArchive
{
    public ValueTask ReadAllAsync(Action<StoredRow> take, CancellationToken ct)
    {
        // Rows are values, so copying the references is a snapshot.
        foreach (var row in engine.Read(Rows))
        {
            ct.ThrowIfCancellationRequested();
            take(row);
        }
        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> TryFillAsync(IEnumerable<StoredRow> rows, CancellationToken ct) =>
        engine.WriteAsync(
            state =>
            {
                if (!IsEmpty(state))
                    return false;
                foreach (var row in rows)
                    Put(state, row);
                state.HasNews = true;
                return true;
            },
            ct
        );

    private static List<StoredRow> Rows(MemoryState state) =>
        [
            new StoredNumber(StoredNumber.Revision, state.Counters.Find(MemoryState.Revision)?.Value ?? 0),
            new StoredNumber(StoredNumber.Sequence, state.Counters.Find(MemoryState.Sequence)?.Value ?? 0),
            .. state.Documents.Rows.Select(document => new StoredDocument(document)),
            .. state.Consents.Rows.Select(consent => new StoredConsent(consent)),
            .. state.Sessions.Rows.Select(session => new StoredSession(session)),
            .. state.Grants.Rows.Select(grant => new StoredGrant(grant)),
            .. state.OneTime.Rows.Select(entry => new StoredOnce(entry.Key, entry.Until)),
            .. state.LogoutNotices.Rows.Select(notice => new StoredLogoutNotice(notice)),
            .. state.Changes.Rows.Select(change => new StoredChange(change)),
        ];

    private static bool IsEmpty(MemoryState state) =>
        state.Documents.Count
            + state.Consents.Count
            + state.Sessions.Count
            + state.Grants.Count
            + state.OneTime.Count
            + state.LogoutNotices.Count
            + state.Changes.Count
            == 0
        && (state.Counters.Current(MemoryState.Revision)?.Value ?? 0) == 0;

    private static void Put(MemoryState state, StoredRow row)
    {
        switch (row)
        {
            case StoredNumber number:
                state.Counters.Put(number.Name, new(number.Name, number.Value));
                break;
            case StoredDocument { Document: var document }:
                state.Documents.Put((document.Kind, document.Id), document);
                break;
            case StoredConsent { Consent: var consent }:
                state.Consents.Put((consent.Subject, consent.ClientId), consent);
                break;
            case StoredSession { Session: var session }:
                state.Sessions.Put(session.Id, session);
                break;
            case StoredGrant { Grant: var grant }:
                state.Grants.Put(grant.Id, grant);
                break;
            case StoredOnce once:
                state.OneTime.Put(once.Key, new(once.Key, once.Until));
                break;
            case StoredLogoutNotice { Notice: var notice }:
                state.LogoutNotices.Put(notice.Id, notice);
                break;
            case StoredChange { Change: var change }:
                state.Changes.Put(change.Sequence, change);
                break;
            default:
                throw new ArgumentException("An unknown row.", nameof(row));
        }
    }
}
