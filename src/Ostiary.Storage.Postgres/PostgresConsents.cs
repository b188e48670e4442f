using Npgsql;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Consents;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Postgres;

internal sealed class PostgresConsents(PostgresEngine engine) : IConsentStore
{
    public const string Select = "SELECT subject, client, scope, granted FROM our.consents";

    public ValueTask<Consent?> FindAsync(string subject, string clientId, CancellationToken ct) =>
        engine.OneAsync(engine.Say(Select + " WHERE subject = $1 AND client = $2").Bind(subject).Bind(clientId), Read, ct);

    /// <summary>A try whose outcome is unknown may have won and now lose against itself: the caller reads what it wrote, and puts it again.</summary>
    public ValueTask<bool> TryPutAsync(Consent consent, Consent? before, CancellationToken ct)
    {
        const string Insert =
            "INSERT INTO our.consents (subject, client, scope, granted) VALUES ($1, $2, $3, $4) ON CONFLICT (subject, client) DO NOTHING";
        const string Update = "UPDATE our.consents SET scope = $3, granted = $4 WHERE subject = $1 AND client = $2 AND scope = $5 AND granted = $6";
        var put = engine
            .Say(before is null ? Insert : Update)
            .Bind(consent.Subject)
            .Bind(consent.ClientId)
            .Bind(consent.Scope.ToString())
            .Bind(consent.GrantedAt);
        return engine.WinsAsync(before is null ? put : put.Bind(before.Scope.ToString()).Bind(before.GrantedAt), ct);
    }

    public ValueTask<bool> TryRemoveAsync(string subject, string clientId, CancellationToken ct)
    {
        const string Delete = "DELETE FROM our.consents WHERE subject = $1 AND client = $2";
        var delete = engine.Say(Delete).Bind(subject).Bind(clientId);
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
