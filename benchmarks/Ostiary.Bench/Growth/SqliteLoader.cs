using Ostiary.Server.Grants;
using Ostiary.Storage.Sqlite;

namespace Ostiary.Bench.Growth;

/// <summary>In the order of their numbers, that is in random order of their identities, so the trees fill as they do in life.</summary>
internal sealed class SqliteLoader(string file) : IGrantLoader
{
    public Task LoadAsync(GrantId template, long first, long end)
    {
        using var connection = Connection.Open(file);
        // Nothing else has the file, and a load that breaks is begun anew: no journal, no flush, and a cache that holds the trees.
        _ = connection.Word("PRAGMA journal_mode = DELETE");
        _ = connection.Word("PRAGMA journal_mode = OFF");
        connection.Execute("PRAGMA synchronous = OFF");
        connection.Execute("PRAGMA cache_size = -6000000");
        var insert = CopyOf(connection);
        var source = template.ToArray();
        connection.Execute("BEGIN");
        for (var number = first; number < end; number++)
        {
            using var copy = connection
                .Prepare(insert)
                .BindBlob(1, ManyGrants.IdOf(number).ToArray())
                .BindBlob(2, source)
                .Bind(3, number % 86_400_000);
            if (copy.Run() != 1)
                throw new InvalidDataException("A grant could not be copied.");
        }
        connection.Execute("COMMIT");
        return Task.CompletedTask;
    }

    public Task<long> SizeAsync()
    {
        using var connection = Connection.Open(file);
        _ = connection.Word("PRAGMA wal_checkpoint(TRUNCATE)");
        return Task.FromResult(new FileInfo(file).Length);
    }

    /// <summary>All columns as they are, but for the identity, and the end at different times.</summary>
    private static string CopyOf(Connection connection)
    {
        var columns = new List<string>();
        using (var select = connection.Prepare("SELECT name FROM pragma_table_info('grants')"))
            while (select.Next())
                columns.Add(select.Text(0));
        var values = columns.Select(column =>
            column switch
            {
                "id" => "?1",
                "expires" => "expires + ?3",
                _ => column,
            }
        );
        return $"INSERT INTO grants ({string.Join(", ", columns)}) SELECT {string.Join(", ", values)} FROM grants WHERE id = ?2";
    }
}
