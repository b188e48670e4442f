using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Ostiary.AspNetCore.Bff;

/// <summary>What the app asks about the signed-in person of a request, and does for them.</summary>
public static class HttpContextBff
{
    private const long MaxRepeatedBody = 1024 * 1024;

    /// <summary>Who is signed in, or null.</summary>
    public static SignedInUser? SignedIn(this HttpContext http) => http.Features.Get<CurrentSession>()?.User;

    /// <summary>An access token that is valid for a while yet, or null: nobody is signed in (any more), or the issuer is away and the old one is over.</summary>
    public static Task<string?> AccessTokenAsync(this HttpContext http, CancellationToken ct = default) => http.RefreshAsync(force: false, ct);

    /// <summary>Like <see cref="AccessTokenAsync"/>; with <paramref name="force"/> the token is replaced although it has not ended, for example after an API refused it.</summary>
    public static async Task<string?> RefreshAsync(this HttpContext http, bool force, CancellationToken ct = default)
    {
        if (http.Features.Get<CurrentSession>() is not { } current)
            return null;
        var parts = http.RequestServices.GetRequiredService<BffParts>();
        if (await parts.Tokens.FreshAsync(current.Id, current.Session, force, ct) is not { } session)
        {
            http.Features.Set<CurrentSession>(null);
            if (!http.Response.HasStarted)
                parts.Cookies.EndSession(http);
            return null;
        }
        current.Session = session;
        return parts.Clock.GetUtcNow() < session.AccessTokenExpires ? session.AccessToken : null;
    }

    /// <summary>
    /// Calls an API of <see cref="BffOptions.Apis"/> with the access token. Where the API says <c>invalid_token</c>, the token is refreshed once and the call
    /// repeated, if its body is at most 1 MiB. Without a token the answer is a 401 of this app itself. Network failures are exceptions of <see cref="HttpClient"/>.
    /// </summary>
    public static async Task<HttpResponseMessage> CallApiAsync(this HttpContext http, HttpRequestMessage request, CancellationToken ct = default)
    {
        var parts = http.RequestServices.GetRequiredService<BffParts>();
        if (request.RequestUri is not { IsAbsoluteUri: true } uri || !parts.Options.Apis.Any(api => IsBelow(uri, api)))
            throw new ArgumentException("The access token is sent only to the APIs that BffOptions.Apis names.", nameof(request));
        var repeat = await RepeatAsync(request, ct);
        var response = await SendAsync(http, parts, request, force: false, ct);
        if (repeat is null || !SaysInvalidToken(response))
            return response;
        response.Dispose();
        return await SendAsync(http, parts, repeat, force: true, ct);
    }

    private static async Task<HttpResponseMessage> SendAsync(
        HttpContext http,
        BffParts parts,
        HttpRequestMessage request,
        bool force,
        CancellationToken ct
    )
    {
        if (await http.RefreshAsync(force, ct) is not { } token)
            return new HttpResponseMessage(HttpStatusCode.Unauthorized) { RequestMessage = request };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token); // RFC 6750 §2.1
        var response = await parts.Backchannel.SendAsync(request, ct);
        parts.Tell(
            new BffHop
            {
                Name = force ? "api call, repeated" : "api call",
                Method = request.Method.Method,
                Url = request.RequestUri!.GetLeftPart(UriPartial.Path),
                Sent = parts.Show([new("access_token", token)]),
                Answer = [.. response.Headers.WwwAuthenticate.Select(c => new Observation.ShownValue("WWW-Authenticate", c.ToString()))],
                Status = (int)response.StatusCode,
            }
        );
        return response;
    }

    // Not through Uri equality: it ignores user information and fragments. A base without a path covers its whole origin, one with a path what is below it.
    private static bool IsBelow(Uri uri, string api)
    {
        if (uri.UserInfo.Length > 0)
            return false;
        var allowed = new Uri(api);
        var path = allowed.AbsolutePath.TrimEnd('/');
        return uri.GetLeftPart(UriPartial.Authority) == allowed.GetLeftPart(UriPartial.Authority)
            && (uri.AbsolutePath == path || uri.AbsolutePath.StartsWith(path + "/", StringComparison.Ordinal));
    }

    private static bool SaysInvalidToken(HttpResponseMessage response) =>
        response.StatusCode == HttpStatusCode.Unauthorized
        && response.Headers.WwwAuthenticate.Any(challenge =>
            challenge.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase)
            && challenge.Parameter?.Contains("error=\"invalid_token\"", StringComparison.Ordinal) == true
        );

    private static async Task<HttpRequestMessage?> RepeatAsync(HttpRequestMessage request, CancellationToken ct)
    {
        var copy = new HttpRequestMessage(request.Method, request.RequestUri) { Version = request.Version, VersionPolicy = request.VersionPolicy };
        foreach (var (name, values) in request.Headers)
            copy.Headers.TryAddWithoutValidation(name, values);
        if (request.Content is null)
            return copy;
        if (request.Content.Headers.ContentLength is not { } length || length > MaxRepeatedBody)
        {
            copy.Dispose();
            return null;
        }
        copy.Content = new ByteArrayContent(await request.Content.ReadAsByteArrayAsync(ct));
        foreach (var (name, values) in request.Content.Headers)
            copy.Content.Headers.TryAddWithoutValidation(name, values);
        return copy;
    }
}
