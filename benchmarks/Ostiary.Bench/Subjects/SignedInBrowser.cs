using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ostiary.Protocol;

namespace Ostiary.Bench.Subjects;

/// <summary>A browser that goes through an issuer's own pages once, and from then on is let through.</summary>
internal sealed partial class SignedInBrowser : IDisposable
{
    private readonly CookieContainer _cookies = new();
    private readonly HttpClient _http;
    private readonly Uri _origin;
    private readonly (string Authorize, string Token, string Client, string Redirect) _at;

    public SignedInBrowser(int port, string authorize, string token, string client, string redirect)
    {
        _at = (authorize, token, client, redirect);
        _origin = new($"http://127.0.0.1:{port}");
        _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = _cookies }) { BaseAddress = _origin };
    }

    public string Verifier { get; } = Entropy.Text(32);

    /// <summary>Follows redirects and answers pages until the client gets its code.</summary>
    public async Task OpenAsync(string scope, Func<string, (string Path, string Form)> answerPage)
    {
        var next = new Uri(AuthorizePath(scope), UriKind.Relative);
        for (var hops = 0; hops < 20; hops++)
        {
            using var answer = await _http.GetAsync(next);
            var location = answer.Headers.Location;
            if (location is null)
            {
                var (path, form) = answerPage(await answer.Content.ReadAsStringAsync());
                var page = new Uri(_origin, next);
                using var content = new StringContent(form, null, "application/x-www-form-urlencoded");
                using var posted = await _http.PostAsync(path.Length == 0 ? page : new Uri(page, path), content);
                location = posted.Headers.Location ?? throw new InvalidDataException($"The sign-in gave {posted.StatusCode}.");
            }
            if (location.OriginalString.StartsWith(_at.Redirect, StringComparison.Ordinal))
                return;
            next = new Uri(_origin, location);
        }
        throw new InvalidDataException("The sign-in goes in circles.");
    }

    /// <summary>The request of this browser as bytes, its cookies included.</summary>
    public byte[] AuthorizeRequest(string scope) =>
        Http.Get(AuthorizePath(scope), $"Cookie: {_cookies.GetCookieHeader(new Uri(_origin, _at.Authorize))}\r\n");

    /// <summary>The first refresh token, or access token, of each of that many grants.</summary>
    public async Task<IReadOnlyList<string>> TokensAsync(string scope, int grants, string member = "refresh_token")
    {
        var tokens = new List<string>();
        for (var i = 0; i < grants; i++)
        {
            using var redirect = await _http.GetAsync(new Uri(AuthorizePath(scope), UriKind.Relative));
            var location = redirect.Headers.Location?.OriginalString ?? "";
            var code = Uri.UnescapeDataString(Code().Match(location).Groups[1].Value);
            using var content = new StringContent(
                Http.Form(
                    ("grant_type", "authorization_code"),
                    ("client_id", _at.Client),
                    ("code", code),
                    ("code_verifier", Verifier),
                    ("redirect_uri", _at.Redirect)
                ),
                null,
                "application/x-www-form-urlencoded"
            );
            using var answer = await _http.PostAsync(new Uri(_at.Token, UriKind.Relative), content);
            tokens.Add(await MemberAsync(answer, member));
        }
        return tokens;
    }

    /// <summary>The page's form as it stands, with these fields filled in.</summary>
    public static (string Path, string Form) FormOf(string html, params ReadOnlySpan<(string Name, string Value)> fields)
    {
        var form = new List<(string, string)>();
        foreach (Match hidden in Hidden().Matches(html))
            form.Add((hidden.Groups[1].Value, WebUtility.HtmlDecode(hidden.Groups[2].Value)));
        form.AddRange(fields);
        return (WebUtility.HtmlDecode(Action().Match(html).Groups[1].Value), Http.Form([.. form]));
    }

    public static async Task<string> MemberAsync(HttpResponseMessage answer, string name)
    {
        var text = await answer.Content.ReadAsStringAsync();
        using var json = answer.IsSuccessStatusCode ? JsonDocument.Parse(text) : throw new InvalidDataException($"{answer.StatusCode}: {text}");
        return json.RootElement.TryGetProperty(name, out var member) ? member.GetString()! : throw new InvalidDataException($"No {name}: {text}");
    }

    public void Dispose() => _http.Dispose();

    private string AuthorizePath(string scope) =>
        $"{_at.Authorize}?"
        + Http.Form(
            ("client_id", _at.Client),
            ("response_type", "code"),
            ("redirect_uri", _at.Redirect),
            ("scope", scope),
            ("state", "s"),
            ("code_challenge", Pkce.ChallengeOf(Verifier)),
            ("code_challenge_method", "S256")
        );

    [GeneratedRegex("[?&]code=([^&]+)")]
    private static partial Regex Code();

    [GeneratedRegex("<form[^>]*action=\"([^\"]*)\"")]
    private static partial Regex Action();

    [GeneratedRegex("<input type=\"hidden\" name=\"([^\"]*)\" value=\"([^\"]*)\"")]
    private static partial Regex Hidden();
}
