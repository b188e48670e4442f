using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Ostiary.Faults.Town;

namespace Ostiary.Faults.Load;

/// <summary>HTTP to one port, without cookies and redirects of its own.</summary>
internal sealed class Caller(int port, TimeSpan patience) : IDisposable
{
    private readonly HttpClient _http = new(
        new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectCallback = (_, ct) => ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), ct),
        }
    )
    {
        BaseAddress = new(Ground.Issuer),
        Timeout = patience,
    };

    public static async ValueTask<Stream> ConnectAsync(EndPoint target, CancellationToken ct)
    {
        var socket =
            target is IPEndPoint
                ? new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
                : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(target, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async Task<Answer> PostAsync(string path, string? basic, CancellationToken ct, params (string Name, string Value)[] form)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = Form(form) };
        if (basic is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue(
                "Basic",
                Convert.ToBase64String(Encoding.ASCII.GetBytes($"{basic}:{Ground.RobotSecret}"))
            );
        using var response = await _http.SendAsync(request, ct);
        return new((int)response.StatusCode, await response.Content.ReadAsStringAsync(ct), response.Headers.RetryAfter?.ToString());
    }

    public async Task<(Answer Answer, double MaxAge)> KeysAsync(CancellationToken ct)
    {
        using var response = await _http.GetAsync(new Uri("/.well-known/jwks.json", UriKind.Relative), ct);
        var text = await response.Content.ReadAsStringAsync(ct);
        return (new((int)response.StatusCode, text), response.Headers.CacheControl?.MaxAge?.TotalSeconds ?? 0);
    }

    /// <summary>Signs in with the password; the answer is the cookies of the browser.</summary>
    public async Task<string> SignInAsync(string user, string challenge, CancellationToken ct)
    {
        var cookies = new Dictionary<string, string>(StringComparer.Ordinal);
        using var asked = await SendAsync(HttpMethod.Get, AuthorizeUrl(challenge), cookies, null, ct);
        var login = asked.Headers.Location!.OriginalString;
        using var page = await SendAsync(HttpMethod.Get, login, cookies, null, ct);
        var html = await page.Content.ReadAsStringAsync(ct);
        var csrf = WebUtility.HtmlDecode(Regex.Match(html, "name=\"csrf\"[^>]*value=\"([^\"]*)\"").Groups[1].Value);
        using var form = Form(("csrf", csrf), ("username", user), ("password", Ground.Password));
        using var signedIn = await SendAsync(HttpMethod.Post, login, cookies, form, ct);
        if (signedIn.StatusCode != HttpStatusCode.SeeOther)
            throw new InvalidOperationException($"{user} cannot sign in: {(int)signedIn.StatusCode}");
        return string.Join("; ", cookies.Select(c => $"{c.Key}={c.Value}"));
    }

    /// <summary>Asks for a code in a browser that is signed in. The text is the code; empty where there was none.</summary>
    public async Task<Answer> AuthorizeAsync(string cookies, string challenge, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, AuthorizeUrl(challenge));
        request.Headers.Add("Cookie", cookies);
        using var response = await _http.SendAsync(request, ct);
        var match = Regex.Match(response.Headers.Location?.OriginalString ?? "", "^" + Regex.Escape(Ground.Redirect) + @"\?(?:.*&)?code=([^&]+)");
        return new((int)response.StatusCode, match.Success ? Uri.UnescapeDataString(match.Groups[1].Value) : "");
    }

    public async Task<int> StatusAsync(string path, CancellationToken ct)
    {
        using var response = await _http.GetAsync(new Uri(path, UriKind.Relative), ct);
        return (int)response.StatusCode;
    }

    public void Dispose() => _http.Dispose();

    private static string AuthorizeUrl(string challenge) =>
        $"/authorize?client_id=app&response_type=code&redirect_uri={Uri.EscapeDataString(Ground.Redirect)}&scope=openid%20offline_access%20read&state=s&code_challenge={challenge}&code_challenge_method=S256";

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string url,
        Dictionary<string, string> cookies,
        HttpContent? content,
        CancellationToken ct
    )
    {
        using var request = new HttpRequestMessage(method, url) { Content = content };
        if (cookies.Count > 0)
            request.Headers.Add("Cookie", string.Join("; ", cookies.Select(c => $"{c.Key}={c.Value}")));
        var response = await _http.SendAsync(request, ct);
        foreach (var set in response.Headers.TryGetValues("Set-Cookie", out var values) ? values : [])
        {
            var pair = set.Split(';')[0].Split('=', 2);
            cookies[pair[0]] = pair[1];
        }
        return response;
    }

    private static FormUrlEncodedContent Form(params (string Name, string Value)[] form) =>
        new(form.Select(f => KeyValuePair.Create(f.Name, f.Value)));
}
