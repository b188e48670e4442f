using System.Net;
using System.Text.Json.Nodes;
using Ostiary.AspNetCore.Bff;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;

namespace Ostiary.AspNetCore.Tests.Bff;

/// <summary>The issuer says that a session is over.</summary>
public sealed class BackchannelLogoutTests : IAsyncLifetime
{
    private const string Event = "http://schemas.openid.net/event/backchannel-logout";
    private BffUnderTest _bff = null!;

    public async ValueTask InitializeAsync()
    {
        _bff = await BffUnderTest.StartAsync();
        _bff.ChangeIdToken = claims => claims["sid"] = "session-1";
        using var response = await _bff.SignInAsync();
        Assert.Equal("Alice <A>", await _bff.TextAsync("/"));
    }

    public async ValueTask DisposeAsync() => await _bff.DisposeAsync();

    [Theory]
    [Trait("Spec", "Back-Channel Logout §2.5")]
    [Trait("Spec", "Back-Channel Logout §2.7")]
    [InlineData("alice", "session-1", "stranger")]
    [InlineData(null, "session-1", "stranger")]
    [InlineData("alice", null, "stranger")]
    [InlineData("alice", "session-2", "Alice <A>")]
    [InlineData("bob", "session-1", "Alice <A>")]
    [InlineData("bob", null, "Alice <A>")]
    [InlineData(null, "session-2", "Alice <A>")]
    public async Task Ends_the_session_that_the_token_names(string? subject, string? session, string who)
    {
        using var response = await SendAsync(Token(Claims(subject, session)));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
        Assert.Equal(who, await _bff.TextAsync("/"));
        var hop = Assert.Single(_bff.Hops, hop => hop.Name == "back-channel logout");
        Assert.All(hop.Rules, rule => Assert.True(rule.Passed, rule.Text));
        Assert.DoesNotContain(hop.Sent, sent => sent.Value.StartsWith("eyJ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("JWT")]
    [InlineData("LOGOUT+JWT")]
    [InlineData("application/logout+jwt")]
    public async Task Takes_tokens_of_issuers_that_write_the_type_otherwise(string type)
    {
        using var response = await SendAsync(Token(Claims("alice", "session-1"), type));
        Assert.Equal("stranger", await _bff.TextAsync("/"));
    }

    public static TheoryData<string, string?> WrongClaims =>
        new()
        {
            { "iss", "\"https://other.example\"" },
            { "iss", null },
            { "aud", "\"other\"" },
            { "aud", null },
            { "iat", "99999999999" },
            { "iat", null },
            { "exp", "1" },
            { "exp", null },
            { "sid", "5" },
            { "sub", "\"\"" },
            { "sub", "null" },
            { "events", null },
            { "events", "{}" },
            { "events", "[\"" + Event + "\"]" },
            { "events", "{\"" + Event + "\":true}" },
            { "events", "{\"http://schemas.openid.net/event/other\":{}}" },
            { "nonce", "\"n\"" },
            { "jti", null },
            { "jti", "\"\"" },
        };

    [Theory]
    [MemberData(nameof(WrongClaims))]
    [Trait("Spec", "Back-Channel Logout §2.6")]
    public async Task Refuses_a_token_with_a_wrong_claim(string claim, string? value)
    {
        var claims = Claims("alice", "session-1");
        claims.Remove(claim);
        if (value is not null)
            claims[claim] = JsonNode.Parse(value);
        await AssertRefusedAsync(Token(claims));
    }

    [Fact]
    [Trait("Spec", "Back-Channel Logout §2.6")]
    public async Task Refuses_a_token_that_names_nobody() => await AssertRefusedAsync(Token(Claims(null, null)));

    [Fact]
    [Trait("Spec", "Back-Channel Logout §2.6")]
    public async Task Refuses_what_the_issuer_has_not_signed()
    {
        await AssertRefusedAsync(TestIssuer.Sign(Claims("alice", "session-1"), "logout+jwt", JsonWebKey.Generate("RS256", "rsa-1")));
        await AssertRefusedAsync(TestIssuer.Sign(Claims("alice", "session-1"), "logout+jwt", _bff.Issuer.Key));
        var parts = Token(Claims("alice", "session-1")).Split('.');
        await AssertRefusedAsync($"eyJhbGciOiJub25lIn0.{parts[1]}.");
        await AssertRefusedAsync("no token at all");
    }

    [Fact]
    [Trait("Spec", "Back-Channel Logout §2.6")]
    public async Task An_ID_token_logs_nobody_out()
    {
        var claims = _bff.Issuer.IdTokenClaims("web", "n");
        claims["sid"] = "session-1";
        claims["jti"] = "j";
        await AssertRefusedAsync(Token(claims, "JWT"));
        claims["events"] = new JsonObject { [Event] = new JsonObject() };
        await AssertRefusedAsync(Token(claims, "JWT"));
    }

    [Fact]
    [Trait("Spec", "Back-Channel Logout §2.6")]
    public async Task A_token_is_good_once()
    {
        var token = Token(Claims("alice", null));
        using var first = await SendAsync(token);
        using var signIn = await _bff.SignInAsync();

        using var second = await SendAsync(token);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.BadRequest), (first.StatusCode, second.StatusCode));
        Assert.Equal("Alice <A>", await _bff.TextAsync("/"));
    }

    [Fact]
    public async Task Concurrent_uses_of_one_token_end_in_one()
    {
        var token = Token(Claims("alice", "session-1"));
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => SendAsync(token)));
        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Who_is_signing_in_while_the_session_ends_is_not_signed_in()
    {
        var answer = _bff.Answer(await _bff.BeginAsync());
        using (await SendAsync(Token(Claims("alice", "session-1"))))
        using (await _bff.ReturnAsync(answer))
            Assert.Equal("stranger", await _bff.TextAsync("/"));
        _bff.ChangeIdToken = claims => claims["sid"] = "session-2";
        using var later = await _bff.SignInAsync();
        Assert.Equal("Alice <A>", await _bff.TextAsync("/"));
    }

    [Fact]
    public async Task All_sessions_of_a_person_end_where_no_session_is_named()
    {
        var first = Assert.Single(_bff.Cookies.GetAllCookies());
        var (name, value) = (first.Name, first.Value);
        first.Expired = true;
        _bff.ChangeIdToken = claims => claims["sid"] = "session-2";
        using var other = await _bff.SignInAsync();

        using var response = await SendAsync(Token(Claims("alice", null)));

        Assert.Equal("stranger", await _bff.TextAsync("/"));
        _bff.Cookies.Add(new Uri(_bff.Url), new Cookie(name, value));
        Assert.Equal("stranger", await _bff.TextAsync("/"));
    }

    [Fact]
    public async Task Without_the_issuers_keys_nothing_ends_and_the_issuer_may_try_again()
    {
        await using var bff = await BffUnderTest.StartAsync();
        bff.Issuer.IsDown = true;
        using var http = new HttpClient();
        var form = new FormUrlEncodedContent([new("logout_token", "x.y.z")]);
        using var response = await http.PostAsync(new Uri(bff.Url + "/signout/backchannel"), form, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(Reason.IssuerUnreachable, Assert.Single(bff.Hops).Verdict!.Value.Refused);
    }

    [Theory]
    [Trait("Spec", "Back-Channel Logout §2.8")]
    [InlineData("application/x-www-form-urlencoded", "")]
    [InlineData("application/x-www-form-urlencoded", "logout_token=a&logout_token=b")]
    [InlineData("application/json", "{}")]
    [InlineData("application/x-www-form-urlencoded", "long")]
    public async Task Refuses_a_request_that_is_none(string type, string body)
    {
        using var http = new HttpClient();
        using var content = new StringContent(body == "long" ? "logout_token=" + new string('a', 20_000) : body, null, type);
        using var response = await http.PostAsync(new Uri(_bff.Url + "/signout/backchannel"), content, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
        Assert.Equal("""{"error":"invalid_request"}""", await response.TextAsync());
    }

    private async Task AssertRefusedAsync(string token)
    {
        using var response = await SendAsync(token);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(Reason.LogoutTokenRejected, _bff.Hops.Last(hop => hop.Name == "back-channel logout").Verdict!.Value.Refused);
        Assert.Equal("Alice <A>", await _bff.TextAsync("/"));
    }

    private async Task<HttpResponseMessage> SendAsync(string token)
    {
        using var http = new HttpClient();
        using var form = new FormUrlEncodedContent([new("logout_token", token)]);
        return await http.PostAsync(new Uri(_bff.Url + "/signout/backchannel"), form, TestContext.Current.CancellationToken);
    }

    private string Token(JsonObject claims, string type = "logout+jwt") => TestIssuer.Sign(claims, type, _bff.Issuer.IdTokenKey);

    private JsonObject Claims(string? subject, string? session)
    {
        var claims = new JsonObject
        {
            ["iss"] = _bff.Issuer.Url,
            ["aud"] = "web",
            ["iat"] = _bff.Issuer.Now,
            ["exp"] = _bff.Issuer.Now + 120,
            ["jti"] = Entropy.Text(16),
            ["events"] = new JsonObject { [Event] = new JsonObject() },
        };
        if (subject is not null)
            claims["sub"] = subject;
        if (session is not null)
            claims["sid"] = session;
        return claims;
    }
}
