using Ostiary.Server.Consents;

namespace Ostiary.Server.Stores.Memory;

internal sealed class MemoryConsents(IMemoryEngine engine) : IConsentStore
{
    public ValueTask<Consent?> FindAsync(string subject, string clientId, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        return ValueTask.FromResult(engine.Read(state => state.Consents.Find((subject, clientId))));
    }

    public ValueTask<bool> TryPutAsync(Consent consent, Consent? before, CancellationToken ct)
    {
        var row = consent with { GrantedAt = StoreTime.Cut(consent.GrantedAt) };
        return engine.WriteAsync(
            state =>
            {
                if (state.Consents.Current((row.Subject, row.ClientId)) != before)
                    return false;
                state.Consents.Put((row.Subject, row.ClientId), row);
                return true;
            },
            ct
        );
    }

    public ValueTask<bool> TryRemoveAsync(string subject, string clientId, CancellationToken ct) =>
        engine.WriteAsync(
            state =>
            {
                if (state.Consents.Current((subject, clientId)) is null)
                    return false;
                state.Consents.Remove((subject, clientId));
                return true;
            },
            ct
        );
}
