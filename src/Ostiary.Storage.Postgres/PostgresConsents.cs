using Npgsql;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Consents;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Postgres;

internal sealed class PostgresConsents(PostgresEngine engine) : IConsentStore
{
    public const string Select = "SELECT subject, client, scope, granted FROM consents";

    public ValueTask<Consent?> FindAsync(string subject, string clientId, CancellationToken ct) =>
        engine.OneAsync(new Statement(Select + " WHERE subject = $1 AND client = $2").Bind(subject).Bind(clientId), Read, ct);

    public async ValueTask PutAsync(Consent consent, CancellationToken ct)
    {
        const string Put = """
            INSERT INTO consents (subject, client, scope, granted) VALUES ($1, $2, $3, $4)
            ON CONFLICT (subject, client) DO UPDATE SET scope = excluded.scope, granted = excluded.granted
            """;
        var put = new Statement(Put).Bind(consent.Subject).Bind(consent.ClientId).Bind(consent.Scope.ToString()).Bind(consent.GrantedAt);
        await engine.WinsAsync(put, ct);
    }

    public ValueTask<bool> TryRemoveAsync(string subject, string clientId, CancellationToken ct)
    {
        const string Delete = "DELETE FROM consents WHERE subject = $1 AND client = $2";
        var delete = new Statement(Delete).Bind(subject).Bind(clientId);
        // A row that is gone bears no mark: after a try whose outcome is unknown, gone is what was asked for.
        return engine.RunAsync(Lane.Acts, async (connection, again) => await engine.SendAsync(connection, delete) == 1 || again, ct);
    }

    public static Consent Read(NpgsqlDataReader row)
    {
        if (!ScopeSet.TryParse(row.GetString(2), out var scope))
            throw new StoreException(Reason.StorageDamaged, "The database holds a consent whose scope cannot be read.");
        return new(row.GetString(0), row.GetString(1), scope, row.Time(3));
    }
}
