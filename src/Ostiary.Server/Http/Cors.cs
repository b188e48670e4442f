using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Protocol.Dpop;
using Ostiary.Server.Configuration;

namespace Ostiary.Server.Http;

/// <summary>
/// Lets browser apps call the endpoints that they need (token, userinfo, revocation) from the origins of the redirect URIs of public clients, without
/// credentials, and from nowhere else. The authorization endpoint has none. RFC 9700 §2.6
/// </summary>
public sealed class Cors(Issuer issuer)
{
    /// <summary>Registered apps.</summary>
    public Origins Apps => field ??= new(http => Answer(http));

    /// <summary>For registration: who registers is known by its token alone, and has no origin that anybody knows yet. RFC 7591 §3</summary>
    public static Origins Any { get; } = new(AnswerAny);

    public Task PreflightAsync(HttpContext http)
    {
        if (Answer(http))
        {
            http.Response.Headers.AccessControlAllowMethods = "GET, POST";
            http.Response.Headers.AccessControlAllowHeaders = "authorization, content-type, dpop";
            http.Response.Headers.AccessControlMaxAge = "600";
        }
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    public static Task PreflightAnyAsync(HttpContext http)
    {
        AnswerAny(http);
        http.Response.Headers.AccessControlAllowMethods = "GET, POST, PUT, DELETE";
        http.Response.Headers.AccessControlAllowHeaders = "authorization, content-type";
        http.Response.Headers.AccessControlMaxAge = "600";
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    /// <summary>For metadata, which pages of any origin may read; those of MCP clients send the version of their protocol along.</summary>
    public static RequestDelegate Public(RequestDelegate serve) =>
        http =>
        {
            if (!HttpMethods.IsOptions(http.Request.Method))
                return serve(http);
            http.Response.Headers.AccessControlAllowOrigin = "*";
            http.Response.Headers.AccessControlAllowMethods = "GET";
            http.Response.Headers.AccessControlAllowHeaders = "mcp-protocol-version";
            http.Response.Headers.AccessControlMaxAge = "600";
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        };

    private static void AnswerAny(HttpContext http)
    {
        http.Response.Headers.AccessControlAllowOrigin = "*";
        http.Response.Headers.AccessControlExposeHeaders = $"WWW-Authenticate, {Flow.Header}";
    }

    private bool Answer(HttpContext http)
    {
        var origin = http.Request.Headers.Origin;
        if (origin.Count == 0)
            return false;
        http.Response.Headers.Vary = "Origin";
        if (origin.Count > 1 || !IsAppOrigin(origin[0]!, issuer.Configuration.Current))
            return false;
        http.Response.Headers.AccessControlAllowOrigin = origin;
        http.Response.Headers.AccessControlExposeHeaders = $"WWW-Authenticate, {DpopProof.NonceHeader}, {Flow.Header}"; // RFC 9449 §8.2
        return true;
    }

    private static bool IsAppOrigin(string origin, Snapshot snapshot) =>
        snapshot.KnownClients.Any(client =>
            client is { IsPublic: true, Disabled: false } && client.RedirectUris.Any(uri => RedirectUris.PolicySource(uri) == origin)
        );
}

/// <summary>Who may read the answers of a route in a page of another origin. Metadata of the route, so that an answer that its handler does not give says it too.</summary>
public sealed class Origins(Action<HttpContext> answer)
{
    internal static void Answer(HttpContext http) => http.GetEndpoint()?.Metadata.GetMetadata<Origins>()?.Say(http);

    private void Say(HttpContext http) => answer(http);
}

internal static class OriginsExtensions
{
    public static T OpenTo<T>(this T route, Origins origins)
        where T : IEndpointConventionBuilder => route.WithMetadata(origins);
}
