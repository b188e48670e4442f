using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Admin;
using Ostiary.Server.Http;

namespace Ostiary.Server.Hosting;

/// <summary>
/// Resolves the issuer of a request, once. Behind it each issuer has a pipeline with routes of its own; nothing there knows of the others, so nothing there can
/// mistake them (RFC 9700 §4.4). A connection over the administration socket of an issuer is for that issuer, whatever its requests say.
/// </summary>
internal sealed class Door
{
    private readonly RequestDelegate? _only;
    private readonly RequestDelegate _server;
    private readonly RequestDelegate _misdirected;
    private readonly DoorTable<RequestDelegate> _table;
    private readonly DoorTable<RequestDelegate> _aliases;

    /// <param name="map">Further routes of each issuer, for the program that embeds it.</param>
    public Door(
        IServiceProvider services,
        IReadOnlyList<IssuerHouse> houses,
        TransportGuard guard,
        ILogger logger,
        Action<IEndpointRouteBuilder, IssuerHouse>? map
    )
    {
        var issuers = new List<(IssuerUrl, RequestDelegate)>();
        var routes = new List<(IssuerUrl, IReadOnlyList<string>)>();
        foreach (var house in houses)
        {
            var barrier = new FaultBarrier(house.Endpoints.Issuer, house.Endpoints.Health, logger);
            var serve = Pipeline(
                services,
                barrier,
                guard,
                app =>
                {
                    Map(app, house, map);
                    routes.Add((house.Url, PatternsOf(app)));
                }
            );
            house.Entrance.Serve = serve;
            issuers.Add((house.Url, serve));
        }
        RefuseHidden(routes);
        var outside = new FaultBarrier(houses is [var one] ? one.Endpoints.Issuer : null, houses[0].Endpoints.Health, logger);
        _only = issuers is [var (_, only)] ? only : null;
        _table = new(issuers);
        var aliases = houses.Zip(issuers, (house, issuer) => (Url: AliasOf(house), Serve: issuer.Item2));
        _aliases = new([.. aliases.Where(alias => alias.Url is not null).Select(alias => (alias.Url!, alias.Serve))], byHost: true);
        _server = Pipeline(services, outside, guard, app => app.MapServer([.. houses.Select(h => h.Endpoints)]));
        _misdirected = http => outside.InvokeAsync(http, inner => guard.InvokeAsync(inner, h => JsonAnswer.RefuseAsync(h, null, Reason.HostUnknown))); // RFC 9110 §15.5.20
    }

    public Task InvokeAsync(HttpContext http)
    {
        var path = http.Request.Path.Value ?? "";
        if (ServerRoutes.Has(path))
            return _server(http);
        if (_only is not null)
            return _only(http);
        if (http.Features.Get<Entrance>() is { Serve: { } serve })
            return serve(http);
        var host = http.Request.Headers.Host;
        var named = host.Count == 1 ? host[0] : null;
        if (_table.TryFind(named, path, out var found))
            return found(http);
        if (!_table.Knows(named) && _aliases.TryFind(named, path, out found)) // RFC 8705 §5
            return found(http);
        return _table.Knows(named) || _aliases.Knows(named) ? _server(http) : _misdirected(http);
    }

    /// <summary>The issuer at its address for clients with certificates.</summary>
    private static IssuerUrl? AliasOf(IssuerHouse house) =>
        house.Endpoints.Issuer.MutualTls.At(house.Url, "") is { } text && IssuerUrl.TryParse(text, out var url) ? url : null;

    private static void Map(IEndpointRouteBuilder app, IssuerHouse house, Action<IEndpointRouteBuilder, IssuerHouse>? map)
    {
        app.MapOstiary(house.Endpoints);
        var door = new AdminDoor(house.Endpoints.Issuer, house.Endpoints.Status, house.Endpoints.Proofs);
        // Whoever comes over the socket knows the data directory, not the path of the issuer.
        foreach (var prefix in new[] { "", house.Url.Path }.Distinct())
            AdminEndpoints.Map(app, prefix, house.Administration, door.AuthorizeAsync, house.Endpoints.Admission.Administration);
        map?.Invoke(app, house);
    }

    private static RequestDelegate Pipeline(IServiceProvider services, FaultBarrier barrier, TransportGuard guard, Action<IEndpointRouteBuilder> map)
    {
        var app = new ApplicationBuilder(services);
        app.UseRouting();
        app.Use((HttpContext http, RequestDelegate next) => barrier.InvokeAsync(http, next));
        app.Use((HttpContext http, RequestDelegate next) => guard.InvokeAsync(http, next));
        app.UseEndpoints(map);
        return app.Build();
    }

    private static List<string> PatternsOf(IEndpointRouteBuilder app) =>
        [.. app.DataSources.SelectMany(s => s.Endpoints).OfType<RouteEndpoint>().Select(e => "/" + e.RoutePattern.RawText?.TrimStart('/'))];

    /// <summary>An issuer at <c>/account</c> would hide the account page of the one above it.</summary>
    private static void RefuseHidden(List<(IssuerUrl Url, IReadOnlyList<string> Patterns)> issuers)
    {
        if (issuers.Count == 1)
            return;
        foreach (var (inner, _) in issuers)
        foreach (var (other, patterns) in issuers)
        {
            if (inner.Path.Length > 0 && (ServerRoutes.Has(inner.Path) || patterns.Any(pattern => IsHidden(pattern, other, inner))))
                throw new StartException(
                    Reason.IssuerInvalid,
                    $"the issuer {inner.Text} would hide addresses of {other.Text}",
                    "Choose another path for one of them."
                );
        }
    }

    private static bool IsHidden(string pattern, IssuerUrl owner, IssuerUrl inner)
    {
        if (owner.Path.Length > 0 && !IsBelow(pattern, owner.Path))
            return FirstOf(pattern, "") == FirstOf(inner.Path, ""); // At the root of the host.
        var isNested = owner.Origin == inner.Origin && inner.Path.Length > owner.Path.Length && IsBelow(inner.Path, owner.Path);
        return isNested && FirstOf(pattern, owner.Path) == FirstOf(inner.Path, owner.Path);
    }

    private static bool IsBelow(string path, string above) =>
        path.StartsWith(above, StringComparison.OrdinalIgnoreCase) && (path.Length == above.Length || path[above.Length] == '/');

    private static string FirstOf(string path, string above) => path[above.Length..].Trim('/').Split('/')[0];
}

/// <summary>The way into one issuer past the table: what its administration socket leads to.</summary>
public sealed class Entrance
{
    internal RequestDelegate? Serve { get; set; }

    internal ConnectionDelegate Lead(ConnectionDelegate next) =>
        connection =>
        {
            connection.Features.Set(this);
            return next(connection);
        };
}
