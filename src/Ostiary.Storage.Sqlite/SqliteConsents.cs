using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Consents;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Sqlite;

internal sealed class SqliteConsents(SqliteEngine engine) : IConsentStore
{
    public ValueTask<Consent?> FindAsync(string subject, string clientId, CancellationToken ct) =>
        engine.ReadAsync(
            connection =>
            {
                using var select = connection
                    .Prepare("SELECT subject, client, scope, granted FROM consents WHERE subject = ?1 AND client = ?2")
                    .Bind(1, subject)
                    .Bind(2, clientId);
                return select.Next() ? Read(select) : null;
            },
            ct
        );

    public ValueTask<bool> TryPutAsync(Consent consent, Consent? before, CancellationToken ct)
    {
        const string Insert =
            "INSERT INTO consents (subject, client, scope, granted) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (subject, client) DO NOTHING";
        const string Update = "UPDATE consents SET scope = ?3, granted = ?4 WHERE subject = ?1 AND client = ?2 AND scope = ?5 AND granted = ?6";
        return engine.WriteAsync(
            connection =>
            {
                using var put = connection
                    .Prepare(before is null ? Insert : Update)
                    .Bind(1, consent.Subject)
                    .Bind(2, consent.ClientId)
                    .Bind(3, consent.Scope.ToString())
                    .Bind(4, StoreTime.ToUnix(consent.GrantedAt));
                if (before is not null)
                    put.Bind(5, before.Scope.ToString()).Bind(6, StoreTime.ToUnix(before.GrantedAt));
                return put.Run() == 1;
            },
            ct
        );
    }

    public ValueTask<bool> TryRemoveAsync(string subject, string clientId, CancellationToken ct) =>
        engine.WriteAsync(
            connection =>
            {
                using var delete = connection.Prepare("DELETE FROM consents WHERE subject = ?1 AND client = ?2").Bind(1, subject).Bind(2, clientId);
                return delete.Run() == 1;
            },
            ct
        );

    public static Consent Read(Statement row)
    {
        if (!ScopeSet.TryParse(row.Text(2), out var scope))
            throw new StoreException(Reason.StorageDamaged, "The database holds a consent whose scope cannot be read.");
        return new(row.Text(0), row.Text(1), scope, row.Time(3));
    }
}
