using System.Text;
using Ostiary.Server.Grants;
using Ostiary.Server.Stores;
using Ostiary.Storage.Sqlite;
using Ostiary.Storage.Tests.Contract;

namespace Ostiary.Storage.Tests;

/// <summary>A database that an earlier version has written goes on where it stood.</summary>
public sealed class SqliteMigrationTests : IDisposable
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private readonly string _directory = Directory.CreateTempSubdirectory("ostiary-format-").FullName;

    private string File => Path.Combine(_directory, "ostiary.db");

    [Fact]
    public async Task Grants_of_the_first_format_are_read_rotated_and_ended_with_their_session()
    {
        var (kept, approved, requested) = (Samples.Active(), Samples.Approved(), Samples.Requested());
        var offline = Samples.Active() with { Approval = Samples.Approval with { Offline = true } };
        Write(kept, approved, requested, offline);
        await using var stores = await SqliteStores.OpenAsync(File, new SettableTime(), Ct);
        foreach (var grant in new[] { kept, approved, requested, offline })
            Assert.Equal(Samples.Text(grant), Samples.Text(await stores.Grants.FindAsync(grant.Id, Ct)));
        Assert.True(await stores.Grants.TryRedeemAsync(approved, Samples.Start.AddDays(1), Samples.Start, Ct));
        Assert.True(await stores.Grants.TryRotateAsync(kept.Id, 1, Samples.Start, Ct));
        Assert.True(await stores.Grants.TryApproveAsync(requested.Id, Samples.Approval, Samples.Start.AddMinutes(1), Samples.Start, Ct));
        var ended = await stores.Grants.EndOfSessionAsync(Samples.Approval.SessionId!, GrantEnd.LoggedOut, Samples.Start, Ct);
        Assert.Equal(new[] { kept.Id, approved.Id, requested.Id }.Order(Comparer), ended.Order(Comparer));
        Assert.Equal(GrantStatus.Active, (await stores.Grants.FindAsync(offline.Id, Ct))!.Status);
    }

    [Fact]
    public async Task A_step_is_made_once()
    {
        Write(Samples.Active());
        Assert.Equal(1, await SqliteStores.FormatOfAsync(File, Ct));
        for (var start = 0; start < 2; start++)
        {
            await using (await SqliteStores.OpenAsync(File, new SettableTime(), Ct)) { }
            Assert.Equal(SqliteStores.NewestFormat, await SqliteStores.FormatOfAsync(File, Ct));
        }
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static readonly Comparer<GrantId> Comparer = Comparer<GrantId>.Create((a, b) => a.Value.CompareTo(b.Value));

    /// <summary>As the first version of the format did it.</summary>
    private void Write(params IReadOnlyList<Grant> grants)
    {
        using var connection = Connection.Open(File);
        foreach (var statement in SqliteSchema.Steps[0])
            connection.Execute(statement);
        connection.Execute("PRAGMA user_version = 1");
        foreach (var grant in grants)
        {
            using var insert = connection
                .Prepare(
                    """
                    INSERT INTO grants (id, status, generation, created, expires, rotated, used, client, subject, session, offline, request, approval)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL, ?7, ?8, ?9, ?10, ?11, ?12)
                    """
                )
                .BindId(1, grant.Id)
                .Bind(2, (long)grant.Status)
                .Bind(3, grant.Generation)
                .Bind(4, StoreTime.ToUnix(grant.CreatedAt))
                .Bind(5, StoreTime.ToUnix(grant.ExpiresAt))
                .Bind(6, StoreTime.ToUnix(grant.RotatedAt))
                .Bind(7, grant.ClientId)
                .Bind(8, grant.Approval?.Subject)
                .Bind(9, grant.Approval?.SessionId)
                .Bind(10, grant.Approval is { Offline: true } ? 1 : 0)
                .Bind(11, Encoding.UTF8.GetString(GrantJson.Bytes(json => GrantJson.Write(json, grant.Request))))
                .Bind(12, grant.Approval is { } approval ? Encoding.UTF8.GetString(GrantJson.Bytes(json => GrantJson.Write(json, approval))) : null);
            Assert.Equal(1, insert.Run());
        }
    }
}
