using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Hosting;

/// <summary>Whether the process lives, and whether it can serve. Load does not make a server unready: taking it out would load the others more.</summary>
public sealed class HealthEndpoints(Issuer issuer, Follower follower)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private readonly Lock _gate = new();
    private Task? _probe;
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
            await Probe().WaitAsync(Patience, issuer.Time, http.RequestAborted);
            if (follower.Lag > Follower.Ready)
                await AnswerAsync(http, StatusCodes.Status503ServiceUnavailable, "behind");
            else
                await AnswerAsync(http, StatusCodes.Status200OK, "ready");
        }
        catch (Exception fault) when (fault is StoreException or TimeoutException)
        {
            await AnswerAsync(http, StatusCodes.Status503ServiceUnavailable, "storage");
        }
    }

    /// <summary>A stopping server asks its peers to open no further request on this connection, so that none is on its way when it closes.</summary>
    internal void Part(HttpContext http)
    {
        if (!_draining)
            return;
        if (HttpProtocol.IsHttp11(http.Request.Protocol))
            http.Response.Headers.Connection = "close"; // RFC 9112 §9.6
        else
            http.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose(); // RFC 9113 §6.8
    }

    /// <summary>One for all who ask at the same time: whoever asks often makes no load.</summary>
    private Task Probe()
    {
        lock (_gate)
            return _probe is { IsCompleted: false } running ? running : _probe = issuer.Stores.ProbeAsync(CancellationToken.None).AsTask();
    }

    private static Task AnswerAsync(HttpContext http, int status, string word)
    {
        http.Response.StatusCode = status;
        http.Response.Headers.CacheControl = "no-store";
        return http.Response.WriteAsync(word + "\n");
    }
}
