using Ostiary.Server.Stores;

namespace Ostiary.Storage.Postgres;

/// <summary>
/// A commit is one statement. A table can be changed once in a statement that runs everywhere, so what is deleted is first put without content,
/// and its empty row is removed afterwards.
/// </summary>
internal sealed class PostgresDocuments(PostgresEngine engine) : IDocumentStore
{
    public async ValueTask<DocumentSet> LoadAsync(CancellationToken ct)
    {
        const string Select = """
            SELECT numbers.value, documents.kind, documents.id, documents.json
            FROM our.numbers LEFT JOIN our.documents ON our.documents.json IS NOT NULL WHERE numbers.name = 'revision'
            """;
        var rows = await engine.ListAsync(
            engine.Say(Select),
            row => (Revision: row.GetInt64(0), Document: row.IsDBNull(1) ? null : new Document(row.GetString(1), row.GetString(2), row.GetString(3))),
            ct
        );
        var documents = rows.Select(row => row.Document)
            .OfType<Document>()
            .OrderBy(document => document.Kind, StringComparer.Ordinal)
            .ThenBy(document => document.Id, StringComparer.Ordinal);
        return new(rows[0].Revision, [.. documents]);
    }

    public async ValueTask<long> RevisionAsync(CancellationToken ct) =>
        (await engine.ListAsync(engine.Say("SELECT value FROM our.numbers WHERE name = 'revision'"), row => row.GetInt64(0), ct))[0];

    public async ValueTask<bool> TryCommitAsync(IReadOnlyList<DocumentChange> changes, long expectedRevision, CancellationToken ct)
    {
        var last = new Dictionary<(string Kind, string Id), string?>();
        foreach (var change in changes)
            last[(change.Kind, change.Id)] = change.Json;
        if (!await PutAsync(last, expectedRevision, ct))
            return false;
        if (last.ContainsValue(null))
            await ForgetAsync(ct);
        return true;
    }

    private ValueTask<bool> PutAsync(Dictionary<(string Kind, string Id), string?> last, long expectedRevision, CancellationToken ct)
    {
        const string Put = """
            WITH won AS (
              UPDATE our.numbers SET value = value + 1, writer = $5 WHERE name = 'revision' AND value = $1 RETURNING value
            ), put AS (
              INSERT INTO our.documents (kind, id, json)
              SELECT changed.kind, changed.id, changed.json FROM unnest($2, $3, $4) AS changed (kind, id, json) WHERE EXISTS (SELECT 1 FROM won)
              ON CONFLICT (kind, id) DO UPDATE SET json = excluded.json RETURNING 1
            )
            SELECT count(*) FROM won
            """;
        const string Own = "SELECT count(*) FROM our.numbers WHERE name = 'revision' AND value = $1 + 1 AND writer = $2";
        var mark = PostgresEngine.NewMark();
        var put = engine
            .Say(Put)
            .Bind(expectedRevision)
            .Bind([.. last.Keys.Select(key => key.Kind)])
            .Bind([.. last.Keys.Select(key => key.Id)])
            .Bind([.. last.Values])
            .Bind(mark);
        return engine.RunAsync(
            Lane.Reserve,
            async (connection, again) =>
            {
                var won = (await put.ListAsync(connection, row => row.GetInt64(0)))[0] == 1;
                if (!won && again)
                    won = (await engine.Say(Own).Bind(expectedRevision).Bind(mark).ListAsync(connection, row => row.GetInt64(0)))[0] == 1;
                if (won)
                    await engine.WakeAsync(connection);
                return won;
            },
            ct
        );
    }

    private async ValueTask ForgetAsync(CancellationToken ct)
    {
        try
        {
            await engine.WinsAsync(engine.Say("DELETE FROM our.documents WHERE json IS NULL"), ct);
        }
        catch (StoreException)
        {
            // The commit stands, and nobody reads an empty row: the next deletion removes it.
        }
    }
}
