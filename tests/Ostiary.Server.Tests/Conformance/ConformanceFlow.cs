using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Conformance;

/// <summary>Where a browser ended up after an authorization request, and what it met on the way.</summary>
internal sealed record Visit(IReadOnlyDictionary<string, string> Request, HttpResponseMessage Last, string Html, int Logins, int Consents)
{
    public string? this[string parameter] => Request.GetValueOrDefault(parameter);
}

/// <summary>An authorization answer as it reached the client.</summary>
internal sealed record Answered(Visit Visit, IReadOnlyDictionary<string, string> Parameters)
{
    public string? this[string parameter] => Parameters.GetValueOrDefault(parameter);
}

/// <summary>A finished sign-in: the answer, the tokens, and the verified ID token.</summary>
internal sealed record SignedIn(Answered Answered, string Code, Answer Tokens, JsonElement Header, JsonElement IdToken)
{
    public Visit Visit => Answered.Visit;
    public string AccessToken => Tokens["access_token"]!;
    public string Subject => IdToken.GetProperty("sub").GetString()!;
    public long AuthTime => IdToken.GetProperty("auth_time").GetInt64();
}

/// <summary>The flow that every module of the OpenID Foundation's provider plans runs, with everything that it asserts on the way.</summary>
internal sealed partial class ConformanceFlow : IDisposable
{
    private readonly string _responseMode;

    private ConformanceFlow(TestServer server, string responseMode) =>
        (Server, Browser, Web, _responseMode) = (server, server.NewBrowser(), new TokenClient(server, "web"), responseMode);

    public TestServer Server { get; }
    public Browser Browser { get; }

    /// <summary>The client of the plans: confidential, client_secret_basic, no PKCE.</summary>
    public TokenClient Web { get; }
    public JsonElement Metadata { get; private set; }
    public JsonElement Keys { get; private set; }

    /// <summary>A new browser and the plan's client on a server that the modules of a plan share.</summary>
    public static async Task<ConformanceFlow> StartAsync(TestServer server, string responseMode = "query")
    {
        var flow = new ConformanceFlow(server, responseMode);
        using var http = server.NewHttp();
        flow.Metadata = await ReadAsync(http, server.Issuer + "/.well-known/openid-configuration");
        flow.Keys = await ReadAsync(http, flow.Endpoint("jwks_uri"));
        AssertKeys(flow.Keys);
        return flow;
    }

    public string Endpoint(string name) => Metadata.GetProperty(name).GetString()!;

    public IReadOnlyList<string> Supported(string name) =>
        Metadata.TryGetProperty(name, out var list) ? [.. list.EnumerateArray().Select(v => v.GetString()!)] : [];

    public static string Random(int length = 16) =>
        RandomNumberGenerator.GetString("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", length);

    /// <summary>The plain request, changed: a null value takes a parameter away.</summary>
    public Dictionary<string, string> Request(params (string Name, string? Value)[] changes)
    {
        var request = new Dictionary<string, string>
        {
            ["client_id"] = "web",
            ["redirect_uri"] = TestServer.Callback,
            ["scope"] = "openid",
            ["state"] = Random(),
            ["nonce"] = Random(),
            ["response_type"] = "code",
        };
        if (_responseMode != "query")
            request["response_mode"] = _responseMode;
        foreach (var (name, value) in changes)
        {
            request.Remove(name);
            if (value is not null)
                request[name] = value;
        }
        return request;
    }

    public Task<Visit> VisitAsync(params (string Name, string? Value)[] changes) => VisitAsync(Request(changes), Browser);

    public async Task<Visit> VisitAsync(IReadOnlyDictionary<string, string> request, Browser browser)
    {
        var query = string.Join('&', request.Select(p => $"{p.Key}={Uri.EscapeDataString(p.Value)}"));
        return await DriveAsync(request, browser, await browser.GetAsync($"{Endpoint("authorization_endpoint")}?{query}"));
    }

    /// <summary>Goes on in the browser where an answer sent it.</summary>
    public async Task<Visit> FollowAsync(IReadOnlyDictionary<string, string> request, string url) =>
        await DriveAsync(request, Browser, await Browser.GetAsync(url));

    public async Task<Visit> PostAsync(params (string Name, string? Value)[] changes)
    {
        var request = Request(changes);
        var response = await Browser.PostAsync(Endpoint("authorization_endpoint"), [.. request.Select(p => (p.Key, p.Value))]);
        return await DriveAsync(request, Browser, response);
    }

    public async Task<SignedIn> SignInAsync(params (string Name, string? Value)[] changes) => await RedeemAsync(await VisitAsync(changes));

    /// <summary>Takes a visit to its end: code, tokens, ID token, userinfo.</summary>
    public async Task<SignedIn> RedeemAsync(Visit visit, TokenClient? client = null, params (string Name, string Value)[] more)
    {
        var answered = ReadAnswer(visit);
        var code = AssertCode(answered);
        var tokens = await (client ?? Web).TokenAsync([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", visit["redirect_uri"]!),
            .. more,
        ]);
        AssertTokens(tokens);
        var (header, claims) = VerifyIdToken(tokens["id_token"]!);
        AssertIdToken(claims, visit["client_id"]!, visit["nonce"]);
        AssertAccessTokenHash(claims, tokens["access_token"]!);
        var userInfo = await Web.UserInfoAsync(tokens["access_token"]!);
        AssertUserInfo(userInfo, claims);
        return new(answered, code, tokens, header, claims);
    }

    /// <summary>Reads the answer in the response mode of the plan, and asserts what holds for every answer.</summary>
    public Answered ReadAnswer(Visit visit)
    {
        var expected = visit["redirect_uri"]!;
        var answered = new Answered(visit, _responseMode == "form_post" ? ReadForm(visit, expected) : ReadQuery(visit, expected));
        Assert.Equal(visit["state"], answered["state"]);
        Assert.Equal(Server.Issuer, answered["iss"]);
        return answered;
    }

    public void Dispose()
    {
        Browser.Dispose();
        Web.Dispose();
    }

    private static Dictionary<string, string> ReadQuery(Visit visit, string redirectUri)
    {
        Assert.True(visit.Last.Headers.Location is not null, $"no redirect but {(int)visit.Last.StatusCode}: {visit.Html}");
        var location = visit.Last.Headers.Location!.OriginalString;
        Assert.StartsWith(redirectUri, location, StringComparison.Ordinal);
        Assert.DoesNotContain('#', location);
        var separator = redirectUri.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        Assert.Equal(separator, location[redirectUri.Length]);
        return location[(redirectUri.Length + 1)..].Split('&').Select(p => p.Split('=', 2)).ToDictionary(p => p[0], p => Decode(p[1]));
    }

    private static Dictionary<string, string> ReadForm(Visit visit, string redirectUri)
    {
        Assert.Equal(HttpStatusCode.OK, visit.Last.StatusCode);
        Assert.Null(visit.Last.Headers.Location);
        var form = FormTag().Match(visit.Html).Value;
        Assert.Contains("method=\"post\"", form, StringComparison.Ordinal);
        Assert.Contains($"action=\"{WebUtility.HtmlEncode(redirectUri)}\"", form, StringComparison.Ordinal);
        // Without enctype a browser sends application/x-www-form-urlencoded.
        Assert.DoesNotContain("enctype", form, StringComparison.Ordinal);
        var policy = string.Join(' ', visit.Last.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains($" {new Uri(redirectUri).GetLeftPart(UriPartial.Authority)};", policy, StringComparison.Ordinal);
        return HiddenField().Matches(visit.Html).ToDictionary(m => m.Groups[1].Value, m => WebUtility.HtmlDecode(m.Groups[2].Value));
    }

    /// <summary>Signs in and consents wherever a page asks for it, until the browser is sent away or stays on a page.</summary>
    private async Task<Visit> DriveAsync(IReadOnlyDictionary<string, string> request, Browser browser, HttpResponseMessage response)
    {
        var (logins, consents) = (0, 0);
        for (var hop = 0; hop < 8; hop++)
        {
            var html = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            var to = response.Headers.Location?.OriginalString;
            if (to?.StartsWith(Server.Issuer + "/", StringComparison.Ordinal) == true)
            {
                response = await browser.GetAsync(to);
                continue;
            }
            var isShown = response.StatusCode == HttpStatusCode.OK && response.RequestMessage!.Method == HttpMethod.Get;
            if (!isShown || await browser.FillAsync(response, PlanServer.User, TestServer.Password, "allow") is not { } next)
                return new(request, response, html, logins, consents);
            if (html.Contains("name=\"password\"", StringComparison.Ordinal))
                logins++;
            else
                consents++;
            response = next;
        }
        throw new InvalidOperationException("The pages went in a circle.");
    }

    private static async Task<JsonElement> ReadAsync(HttpClient http, string url)
    {
        using var response = await http.GetAsync(url, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return document.RootElement.Clone();
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    [GeneratedRegex("<form[^>]*>")]
    private static partial Regex FormTag();

    [GeneratedRegex("<input type=\"hidden\" name=\"([^\"]*)\" value=\"([^\"]*)\">")]
    private static partial Regex HiddenField();
}
