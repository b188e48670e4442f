using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Ostiary.Server.Hosting;

/// <summary>What belongs to the process and to no issuer.</summary>
internal static class ServerRoutes
{
    private static readonly string[] GetOrHead = ["GET", "HEAD"];

    public static bool Has(string path) => path is "/livez" or "/readyz" or "/metrics";

    // csharpier-ignore
    public static void MapServer(this IEndpointRouteBuilder app, IReadOnlyList<OstiaryEndpoints> issuers)
    {
        app.MapMethods("/livez", GetOrHead,   HealthEndpoints.LiveAsync);
        app.MapMethods("/readyz", GetOrHead,  http => HealthEndpoints.ReadyAsync(http, [.. issuers.Select(i => i.Health)]));
        app.MapMethods("/metrics", GetOrHead, http => MetricsEndpoint.HandleAsync(http, [.. issuers.Select(i => (i.Issuer.Url.Text, i.Metrics))]));
    }
}
