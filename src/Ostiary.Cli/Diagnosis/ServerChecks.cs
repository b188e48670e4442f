using Ostiary.Cli.Administration;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Remote;
using Ostiary.Protocol.Jose;

namespace Ostiary.Cli.Diagnosis;

/// <summary>What can be seen of a server from here: reachable, ready, its issuer, its keys, its clock.</summary>
internal static class ServerChecks
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static async Task<IReadOnlyList<Finding>> RunAsync(string server, CancellationToken ct)
    {
        try
        {
            using var found = await AuthorizationServer.DiscoverAsync(server, "--server", ct);
            return
            [
                Finding.Pass("Issuer", $"{server} and its discovery document say the same"),
                await KeysAsync(found, ct),
                await ReadyAsync(server, ct),
            ];
        }
        catch (CliException failure)
        {
            return [new("Issuer", Outcome.Fail, failure.Error.Message, failure.Error.Try ?? "check the address")];
        }
    }

    private static async Task<Finding> KeysAsync(AuthorizationServer server, CancellationToken ct)
    {
        var keys = await server.KeysAsync(ct);
        return JsonWebKeySet.TryParse(keys, publicOnly: true, out var set, out _) && set.Keys.Count > 0
            ? Finding.Pass("Keys", $"{set.Keys.Count} published")
            : new("Keys", Outcome.Fail, "the published keys cannot be used", "ostiary key list");
    }

    private static async Task<Finding> ReadyAsync(string server, CancellationToken ct)
    {
        using var http = new HttpClient(Network.Handler()) { Timeout = Patience };
        try
        {
            using var answer = await http.GetAsync(new Uri(new Uri(server), "/readyz"), ct);
            return Readiness(answer);
        }
        catch (HttpRequestException failure)
        {
            throw Network.Unreachable(server, failure);
        }
        catch (TaskCanceledException) when (!ct.IsCancellationRequested)
        {
            throw Network.TimedOut(server, Patience);
        }
    }

    /// <summary>And the clock beside it: the Date header is precise to a second.</summary>
    private static Finding Readiness(HttpResponseMessage answer)
    {
        var skew = (answer.Headers.Date - TimeProvider.System.GetUtcNow())?.Duration() ?? TimeSpan.Zero;
        if (skew > TimeSpan.FromSeconds(10))
            return new(
                "Clock of the server",
                Outcome.Fail,
                $"it differs from the one here by {skew.TotalSeconds:0} s",
                "timedatectl set-ntp true, on both machines"
            );
        return answer.IsSuccessStatusCode
            ? Finding.Pass("Readiness", "ready, and its clock agrees with the one here")
            : new("Readiness", Outcome.Fail, $"/readyz answered {(int)answer.StatusCode}", "read the server's log");
    }
}
