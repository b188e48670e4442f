using Ostiary.Storage.Sqlite;

namespace Ostiary.Storage.Tests.Contract;

/// <summary>A sweep costs what it removes, not what there is.</summary>
public sealed class SqliteSweepTests
{
    [Theory]
    [InlineData("grants", "id", "expires")]
    [InlineData("grants", "id", "ended")]
    [InlineData("sessions", "id", "expires")]
    [InlineData("sessions", "id", "ended")]
    [InlineData("one_time", "key", "until")]
    [InlineData("logout_notices", "id", "until")]
    [InlineData("changes", "sequence", "until")]
    public async Task Finds_what_is_over_by_an_index(string table, string key, string time)
    {
        using var directory = new OnSqlite();
        await using var stores = (SqliteStores)await directory.OpenAsync(new SettableTime());
        var plan = await stores.OnWriterAsync(connection =>
        {
            using var explain = connection.Prepare("EXPLAIN QUERY PLAN " + SqliteSweep.Statement(table, key, time)).Bind(1, 5).Bind(2, 10);
            var lines = new List<string>();
            while (explain.Next())
                lines.Add(explain.Text(3));
            return lines;
        });
        Assert.Contains(plan, line => line.Contains("USING", StringComparison.Ordinal) && line.Contains($"{time}<?", StringComparison.Ordinal));
        Assert.DoesNotContain(plan, line => line.StartsWith("SCAN", StringComparison.Ordinal));
    }
}
