using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Hosting;

/// <summary>Whether the process lives, and whether it can serve. Load does not make a server unready: taking it out would load the others more.</summary>
public sealed class HealthEndpoints(Issuer issuer, Follower follower)
{
    private const string Ready = "ready";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private readonly Lock _gate = new();
    private Task? _probe;
    private volatile bool _draining;

    /// <summary>From now on not ready: the balancer takes this node out before it stops.</summary>
    public void Drain() => _draining = true;

    public static Task LiveAsync(HttpContext http) => AnswerAsync(http, StatusCodes.Status200OK, "live");

    /// <summary>Ready is who can serve every issuer.</summary>
    public static async Task ReadyAsync(HttpContext http, IReadOnlyList<HealthEndpoints> issuers)
    {
        var states = await Task.WhenAll(issuers.Select(i => i.StateAsync(http.RequestAborted)));
        if (states.FirstOrDefault(state => state != Ready) is { } other)
            await AnswerAsync(http, StatusCodes.Status503ServiceUnavailable, other);
        else
            await AnswerAsync(http, StatusCodes.Status200OK, Ready);
    }

    private async Task<string> StateAsync(CancellationToken ct)
    {
        if (_draining)
            return "stopping";
        try
        {
            await Probe().WaitAsync(Patience, issuer.Time, ct);
            return follower.Lag > Follower.Ready ? "behind" : Ready;
        }
        catch (Exception fault) when (fault is StoreException or TimeoutException)
        {
            return "storage";
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
