using Ostiary.Server.Stores;

namespace Ostiary.Storage.Sqlite;

internal sealed class SqliteDocuments(SqliteEngine engine) : IDocumentStore
{
    public ValueTask<DocumentSet> LoadAsync(CancellationToken ct) =>
        engine.ReadAsync(
            connection =>
            {
                // One transaction, so that the revision is that of these documents.
                connection.Execute("BEGIN");
                try
                {
                    return Load(connection);
                }
                finally
                {
                    connection.Execute("COMMIT");
                }
            },
            ct
        );

    public ValueTask<long> RevisionAsync(CancellationToken ct) =>
        engine.ReadAsync(connection => connection.Number("SELECT value FROM numbers WHERE name = 'revision'"), ct);

    public ValueTask<bool> TryCommitAsync(IReadOnlyList<DocumentChange> changes, long expectedRevision, CancellationToken ct) =>
        engine.WriteAsync(
            connection =>
            {
                using var update = connection
                    .Prepare("UPDATE numbers SET value = value + 1 WHERE name = 'revision' AND value = ?1")
                    .Bind(1, expectedRevision);
                if (update.Run() != 1)
                    return false;
                connection.HasNews = true;
                foreach (var change in changes)
                    Apply(connection, change);
                return true;
            },
            ct
        );

    private static DocumentSet Load(Connection connection)
    {
        var revision = connection.Number("SELECT value FROM numbers WHERE name = 'revision'");
        using var select = connection.Prepare("SELECT kind, id, json FROM documents ORDER BY kind, id");
        var documents = new List<Document>();
        while (select.Next())
            documents.Add(new(select.Text(0), select.Text(1), select.Text(2)));
        return new(revision, documents);
    }

    private static void Apply(Connection connection, DocumentChange change)
    {
        if (change.Json is null)
        {
            using var delete = connection.Prepare("DELETE FROM documents WHERE kind = ?1 AND id = ?2").Bind(1, change.Kind).Bind(2, change.Id);
            delete.Run();
            return;
        }
        using var put = connection
            .Prepare("INSERT INTO documents (kind, id, json) VALUES (?1, ?2, ?3) ON CONFLICT (kind, id) DO UPDATE SET json = excluded.json")
            .Bind(1, change.Kind)
            .Bind(2, change.Id)
            .Bind(3, change.Json);
        put.Run();
    }
}
