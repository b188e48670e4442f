using System.Net;

namespace Ostiary.Program.Tests.Faults;

/// <summary>A disk that is full: what cannot be kept is not done and not answered as done; when there is space again, the same server goes on.</summary>
[Trait("Speed", "Slow")]
[Collection("Faults")]
public sealed class FullDiskTests : IAsyncDisposable
{
    private readonly Ground _ground = new();
    private FullDisk? _disk;

    public async ValueTask DisposeAsync()
    {
        if (_disk is not null)
            await _disk.DisposeAsync();
        _ground.Dispose();
    }

    [Theory]
    [InlineData("memory", true)]
    [InlineData("memory", false)]
    [InlineData("sqlite", true)]
    [InlineData("sqlite", false)]
    public async Task Nothing_is_half_done_on_a_full_disk_and_space_heals_it(string store, bool mount)
    {
        var ct = TestContext.Current.CancellationToken;
        _disk = await FullDisk.MakeAsync(_ground.Data, mount);
        await using var server = await RunningServer.StartAsync(store, _ground.Data, _ground.Config, _disk.Wrapper);
        using var caller = new Caller(server);
        var cookies = await caller.SignInAsync(ct);
        var code = (await caller.AuthorizeAsync(cookies, ct))!;
        var live = (await caller.RedeemAsync((await caller.AuthorizeAsync(cookies, ct))!, ct))["refresh_token"];

        await _disk.FillAsync(server);
        await UntilRefusedAsync(async () =>
        {
            var answer = await caller.RefreshAsync(live, ct);
            live = answer.IsOk ? answer["refresh_token"] : live;
            return answer;
        });
        Assert.True(Refused(await caller.RedeemAsync(code, ct)));
        await UntilRefusedAsync(() => caller.RobotTokenAsync(ct)); // No token without a record.
        using (var http = server.NewHttp())
        {
            using var keys = await http.GetAsync(new Uri("/.well-known/jwks.json", UriKind.Relative), ct);
            Assert.Equal(HttpStatusCode.OK, keys.StatusCode);
        }

        await _disk.FreeAsync(server);
        // What was refused has happened wholly or not at all, and its caller may simply ask again.
        var next = await caller.RefreshAsync(live, ct);
        Assert.True(next.IsOk, next.Text);
        var redeemed = await caller.RedeemAsync(code, ct);
        Assert.True(redeemed.IsOk, redeemed.Text);
        Assert.True((await caller.RobotTokenAsync(ct)).IsOk);
        var verified = await Cli.Program.RunAsync("event", "verify", "--data", server.Data);
        Assert.True(verified.Exit == 0, verified.Output + verified.Error);

        await server.KillAsync();
        await using var again = await RunningServer.StartAsync(store, _ground.Data, _ground.Config);
        using var later = new Caller(again);
        Assert.True((await later.RefreshAsync(next["refresh_token"], ct)).IsOk);
    }

    /// <summary>Space inside files that exist may still take a few writes.</summary>
    private static async Task UntilRefusedAsync(Func<Task<Answer>> act)
    {
        for (var i = 0; i < 2000; i++)
        {
            var answer = await act();
            if (answer.IsOk)
                continue;
            Assert.True(Refused(answer), answer.Text);
            return;
        }
        throw new InvalidOperationException("The full disk stopped nothing.");
    }

    private static bool Refused(Answer answer) =>
        answer.Status == HttpStatusCode.ServiceUnavailable && answer.Code.StartsWith("OST5", StringComparison.Ordinal);
}
