using Microsoft.AspNetCore.Http;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Hosting;

/// <summary>Whether the process lives, and whether it can serve.</summary>
public sealed class HealthEndpoints(Issuer issuer, Follower follower)
{
    private volatile bool _draining;

    /// <summary>From now on not ready: the balancer takes this node out before it stops.</summary>
    public void Drain() => _draining = true;

    public static Task LiveAsync(HttpContext http) => AnswerAsync(http, StatusCodes.Status200OK, "live");

    public async Task ReadyAsync(HttpContext http)
    {
        if (_draining)
        {
            await AnswerAsync(http, StatusCodes.Status503ServiceUnavailable, "stopping");
            return;
        }
        try
        {
            await issuer.Stores.ProbeAsync(http.RequestAborted);
            if (follower.Lag > Follower.Ready)
                await AnswerAsync(http, StatusCodes.Status503ServiceUnavailable, "behind");
            else
                await AnswerAsync(http, StatusCodes.Status200OK, "ready");
        }
        catch (StoreException)
        {
            await AnswerAsync(http, StatusCodes.Status503ServiceUnavailable, "storage");
        }
    }

    private static Task AnswerAsync(HttpContext http, int status, string word)
    {
        http.Response.StatusCode = status;
        http.Response.Headers.CacheControl = "no-store";
        return http.Response.WriteAsync(word + "\n");
    }
}
