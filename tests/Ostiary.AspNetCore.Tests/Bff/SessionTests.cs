using System.Net;
using System.Text.Json.Nodes;
using Ostiary.AspNetCore.Bff;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;

namespace Ostiary.AspNetCore.Tests.Bff;

public sealed class SessionTests : IAsyncLifetime
{
    private BffUnderTest _bff = null!;

    public async ValueTask InitializeAsync()
    {
        _bff = await BffUnderTest.StartAsync();
        using var response = await _bff.SignInAsync();
    }

    public async ValueTask DisposeAsync() => await _bff.DisposeAsync();

    private int Refreshes => _bff.TokenRequests.Count(form => form["grant_type"] == "refresh_token");

    [Fact]
    [Trait("Spec", "RFC 6749 §6")]
    public async Task A_token_is_refreshed_shortly_before_its_end()
    {
        _bff.Clock.Advance(TimeSpan.FromSeconds(269));
        Assert.Equal("access-1", await _bff.TextAsync("/token"));
        _bff.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("access-2", await _bff.TextAsync("/token"));
        Assert.Equal("access-2", await _bff.TextAsync("/token"));
        Assert.Equal("refresh-1", _bff.TokenRequests[^1]["refresh_token"]);
        Assert.Equal("access-3", await _bff.TextAsync("/force"));
        Assert.Equal("refresh-2", _bff.TokenRequests[^1]["refresh_token"]);
    }

    [Fact]
    public async Task Concurrent_requests_cause_one_refresh()
    {
        _bff.Clock.Advance(TimeSpan.FromSeconds(400));
        var gate = new TaskCompletionSource();
        _bff.Refresh = async _ =>
        {
            await gate.Task;
            return (200, _bff.Tokens(null));
        };
        var waiting = Enumerable.Range(0, 20).Select(_ => _bff.TextAsync("/token")).ToList();
        while (Refreshes == 0)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        gate.SetResult();
        Assert.All(await Task.WhenAll(waiting), token => Assert.Equal("access-2", token));
        Assert.Equal(1, Refreshes);
    }

    [Fact]
    public async Task Who_signs_out_during_a_refresh_stays_signed_out()
    {
        var gate = new TaskCompletionSource();
        _bff.Refresh = async _ =>
        {
            await gate.Task;
            return (200, _bff.Tokens(null));
        };
        var waiting = _bff.TextAsync("/force");
        while (Refreshes == 0)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        var cookie = Assert.Single(_bff.Cookies.GetAllCookies()).Value;
        using var signOut = await _bff.SendAsync(HttpMethod.Post, "/signout", ("X-Bff", "1"));
        gate.SetResult();
        Assert.Equal("none", await waiting);
        Assert.Equal("stranger", await TextWithCookieAsync(cookie));
    }

    [Fact]
    public async Task A_refresh_token_that_is_not_replaced_is_kept()
    {
        _bff.ChangeAnswer = answer => answer.Remove("refresh_token");
        Assert.Equal("access-2", await _bff.TextAsync("/force"));
        Assert.Equal("access-3", await _bff.TextAsync("/force"));
        Assert.Equal("refresh-1", _bff.TokenRequests[^1]["refresh_token"]);
    }

    [Fact]
    [Trait("Spec", "RFC 6749 §5.2")]
    public async Task A_refused_refresh_signs_out()
    {
        _bff.Refresh = _ => Task.FromResult((400, """{"error":"invalid_grant"}"""));
        Assert.Equal("none", await _bff.TextAsync("/force"));
        Assert.Equal("stranger", await _bff.TextAsync("/"));
        Assert.Empty(_bff.Cookies.GetAllCookies());
    }

    [Theory]
    [InlineData(503, "")]
    [InlineData(429, """{"error":"slow_down"}""")]
    [InlineData(401, """{"error":"invalid_client"}""")]
    [InlineData(200, "{")]
    public async Task A_refresh_that_fails_otherwise_keeps_the_session(int status, string body)
    {
        _bff.Refresh = _ => Task.FromResult((status, body));
        Assert.Equal("access-1", await _bff.TextAsync("/force"));
        _bff.Clock.Advance(TimeSpan.FromSeconds(300));
        Assert.Equal("none", await _bff.TextAsync("/token"));
        Assert.Equal("Alice <A>", await _bff.TextAsync("/"));
        _bff.Refresh = null;
        _bff.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("access-2", await _bff.TextAsync("/token"));
    }

    [Fact]
    public async Task An_issuer_that_is_away_is_not_asked_for_every_request()
    {
        _bff.Refresh = _ => Task.FromResult((503, ""));
        for (var i = 0; i < 5; i++)
            Assert.Equal("access-1", await _bff.TextAsync("/force"));
        Assert.Equal(1, Refreshes);
    }

    [Fact]
    [Trait("Spec", "OIDC Core §12.2")]
    public async Task A_refresh_that_names_another_person_signs_out()
    {
        _bff.Refresh = _ =>
        {
            var answer = JsonNode.Parse(_bff.Tokens(null))!;
            var claims = _bff.Issuer.IdTokenClaims("web", "any");
            claims["sub"] = "mallory";
            answer["id_token"] = TestIssuer.Sign(claims, "JWT", _bff.Issuer.IdTokenKey);
            return Task.FromResult((200, answer.ToJsonString()));
        };
        Assert.Equal("none", await _bff.TextAsync("/force"));
        Assert.Equal("stranger", await _bff.TextAsync("/"));
    }

    [Fact]
    public async Task A_session_ends_when_nobody_uses_it_and_in_any_case()
    {
        for (var i = 0; i < 9; i++)
        {
            _bff.Clock.Advance(TimeSpan.FromMinutes(50));
            Assert.Equal("Alice <A>", await _bff.TextAsync("/"));
        }
        _bff.Clock.Advance(TimeSpan.FromMinutes(50));
        Assert.Equal("stranger", await _bff.TextAsync("/"));
        using var again = await _bff.SignInAsync();
        _bff.Clock.Advance(TimeSpan.FromMinutes(60));
        Assert.Equal("stranger", await _bff.TextAsync("/"));
    }

    [Fact]
    public async Task A_new_sign_in_has_a_new_cookie_and_ends_the_old_session()
    {
        var old = Assert.Single(_bff.Cookies.GetAllCookies());
        using var again = await _bff.SignInAsync();
        var now = Assert.Single(_bff.Cookies.GetAllCookies());
        Assert.NotEqual(old.Value, now.Value);
        Assert.Equal("stranger", await TextWithCookieAsync(old.Value));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("%00%ff")]
    public async Task A_cookie_that_opens_nothing_is_cleared(string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, _bff.Url + "/");
        request.Headers.TryAddWithoutValidation("Cookie", "ostiary=" + value);
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false });
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal("stranger", await response.TextAsync());
        Assert.StartsWith("ostiary=; expires=Thu, 01 Jan 1970", response.Headers.GetValues("Set-Cookie").Single());
    }

    [Fact]
    public async Task Over_https_cookies_belong_to_the_host_and_are_secure()
    {
        await using var bff = await BffUnderTest.StartAsync(o => o.Origin = "https://app.example");
        using var response = await bff.GetAsync("/signin");
        Assert.Matches(
            "^__Host-ostiary-signin-[A-Za-z0-9_-]{11}=[A-Za-z0-9_-]{43}; max-age=600; path=/; secure; samesite=lax; httponly$",
            response.Headers.GetValues("Set-Cookie").Single()
        );
        using var cookie = new HttpRequestMessage(HttpMethod.Get, bff.Url + "/") { Headers = { { "Cookie", "__Host-ostiary=x" } } };
        using var cleared = await new HttpClient().SendAsync(cookie, TestContext.Current.CancellationToken);
        Assert.Contains("__Host-ostiary=; expires=Thu, 01 Jan 1970 00:00:00 GMT; path=/; secure", cleared.Headers.GetValues("Set-Cookie").Single());
    }

    [Fact]
    [Trait("Spec", "RP-Initiated Logout §2")]
    [Trait("Spec", "RP-Initiated Logout §3")]
    public async Task Signs_out_here_and_at_the_issuer()
    {
        using var response = await _bff.SendAsync(HttpMethod.Post, "/signout", ("Sec-Fetch-Site", "same-origin"));
        var location = response.Headers.Location!;
        Assert.StartsWith(_bff.Issuer.Url + "/end_session?", location.OriginalString);
        Assert.Null(FormParameters.TryParse(System.Text.Encoding.ASCII.GetBytes(location.Query.TrimStart('?')), out var request));
        Assert.Equal(3, request["id_token_hint"]!.Split('.').Length);
        Assert.Equal(_bff.Url + "/signout/callback", request["post_logout_redirect_uri"]);
        Assert.Equal("stranger", await _bff.TextAsync("/"));
        using var back = await _bff.GetAsync("/signout/callback?state=" + request["state"]);
        Assert.Equal("/", back.Headers.Location!.OriginalString);
        Assert.Equal("signed out", _bff.Hops[^1].Name);
        using var again = await _bff.GetAsync("/signout/callback?state=" + request["state"]);
        Assert.Equal("signed out, state not ours", _bff.Hops[^1].Name);
    }

    [Fact]
    public async Task Another_site_cannot_sign_somebody_out()
    {
        using var image = await _bff.SendAsync(HttpMethod.Get, "/signout", ("Sec-Fetch-Site", "cross-site"));
        Assert.Equal(HttpStatusCode.Forbidden, image.StatusCode);
        using var plain = await _bff.SendAsync(HttpMethod.Post, "/signout");
        Assert.Equal(HttpStatusCode.Forbidden, plain.StatusCode);
        Assert.Equal("Alice <A>", await _bff.TextAsync("/"));
    }

    [Theory]
    [InlineData("POST", "", "", HttpStatusCode.Forbidden)]
    [InlineData("DELETE", "", "", HttpStatusCode.Forbidden)]
    [InlineData("GET", "", "", HttpStatusCode.OK)]
    [InlineData("POST", "X-Bff", "1", HttpStatusCode.OK)]
    [InlineData("POST", "X-Bff", "0", HttpStatusCode.Forbidden)]
    [InlineData("POST", "Sec-Fetch-Site", "same-origin", HttpStatusCode.OK)]
    [InlineData("POST", "Sec-Fetch-Site", "same-site", HttpStatusCode.Forbidden)]
    [InlineData("POST", "Sec-Fetch-Site", "cross-site", HttpStatusCode.Forbidden)]
    [InlineData("POST", "Origin", "https://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("POST", "Origin", "null", HttpStatusCode.Forbidden)]
    public async Task Unsafe_methods_need_a_sign_of_the_own_page(string method, string header, string value, HttpStatusCode expected)
    {
        using var response = await _bff.SendAsync(new HttpMethod(method), "/change", header.Length == 0 ? [] : [(header, value)]);
        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task A_call_that_the_api_refuses_as_expired_is_repeated_once_with_a_fresh_token()
    {
        _bff.ApiTakes = "access-2";
        using var response = await _bff.CallApiAsync(_bff.Url + "/api/notes", "hello");
        Assert.Equal("done", await response.TextAsync());
        Assert.Equal([("Bearer access-1", "hello"), ("Bearer access-2", "hello")], _bff.ApiCalls);
        _bff.ApiTakes = "never";
        using var refused = await _bff.CallApiAsync(_bff.Url + "/api/notes", "hello");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal(4, _bff.ApiCalls.Count);
    }

    [Theory]
    [InlineData("https://evil.example/api")]
    [InlineData("http://127.0.0.1:1/api")]
    [InlineData("{0}/apix")]
    [InlineData("{0}/other")]
    [InlineData("http://user@127.0.0.1/api")]
    public async Task The_token_goes_only_to_the_named_apis(string target)
    {
        using var response = await _bff.CallApiAsync(target.Replace("{0}", _bff.Url, StringComparison.Ordinal), "x");
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Empty(_bff.ApiCalls);
    }

    [Fact]
    public async Task A_full_store_forgets_what_was_used_longest_ago()
    {
        var ct = TestContext.Current.CancellationToken;
        var store = new MemorySessionStore(10, _bff.Clock);
        for (var i = 0; i < 50; i++)
        {
            await store.AddAsync($"s{i}", NewSession(i), ct);
            await store.AddSignInAsync($"s{i}", NewSignIn(), ct);
        }
        Assert.True(store.Count <= 10);
        Assert.NotNull(await store.FindAsync("s49", ct));
        Assert.NotNull(await store.TakeSignInAsync("s49", ct));
        Assert.Null(await store.TakeSignInAsync("s49", ct));
    }

    private async Task<string> TextWithCookieAsync(string value)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, _bff.Url + "/") { Headers = { { "Cookie", "ostiary=" + value } } };
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return await response.TextAsync();
    }

    private BffSession NewSession(int age) =>
        new()
        {
            Claims = "{}",
            IdToken = "",
            AccessToken = "a",
            AccessTokenExpires = _bff.Clock.GetUtcNow(),
            RefreshToken = null,
            Started = _bff.Clock.GetUtcNow(),
            LastSeen = _bff.Clock.GetUtcNow().AddSeconds(age),
            Ends = _bff.Clock.GetUtcNow().AddHours(1),
        };

    private PendingSignIn NewSignIn() =>
        new()
        {
            State = "s",
            Nonce = "n",
            Verifier = "v",
            ReturnUrl = "/",
            Ends = _bff.Clock.GetUtcNow().AddMinutes(10),
        };
}
