using Microsoft.AspNetCore.Http;

namespace Ostiary.AspNetCore.Bff;

/// <summary>Tells requests of the app's own pages from those that another site makes a browser send.</summary>
internal static class OwnPage
{
    public const string Header = "X-Bff";

    public static bool IsSafe(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method) || HttpMethods.IsTrace(method);

    /// <summary>Another site cannot set the header without being asked first (CORS), nor claim to be the same origin.</summary>
    public static bool IsSource(HttpRequest request, BffOptions options)
    {
        if (request.Headers[Header] is ["1"])
            return true;
        if (request.Headers.TryGetValue("Sec-Fetch-Site", out var site))
            return site is ["same-origin"];
        return request.Headers.Origin is [{ } origin] && origin == options.Origin;
    }
}
