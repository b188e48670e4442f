using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Ostiary.AspNetCore.Api;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;

namespace Ostiary.AspNetCore.Tests.Api;

public sealed class BearerTests : IAsyncLifetime
{
    private ApiUnderTest _api = null!;

    public async ValueTask InitializeAsync() => _api = await ApiUnderTest.StartAsync();

    public async ValueTask DisposeAsync() => await _api.DisposeAsync();

    [Fact]
    [Trait("Spec", "RFC 6750 §2.1")]
    [Trait("Spec", "RFC 9110 §11.1")]
    public async Task Lets_a_good_token_in_and_tells_whose_it_is()
    {
        using var response = await _api.SendAsync("/any", ["bEaReR " + _api.Issuer.AccessToken()]);
        Assert.Equal("alice web alice", await response.TextAsync());
        Assert.True(_api.Checks[^1].Verdict.Allowed);
        Assert.Equal(BearerRules.Listed.Count, _api.Checks[^1].Rules.Count);
        Assert.All(_api.Checks[^1].Rules, rule => Assert.True(rule.Passed));
    }

    [Fact]
    public async Task Leaves_endpoints_alone_that_demand_nothing()
    {
        using var response = await _api.GetAsync(null, "/open");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Empty(_api.Checks);
    }

    [Fact]
    [Trait("Spec", "RFC 6750 §3.1")]
    public async Task Without_a_token_the_challenge_names_no_error()
    {
        using var response = await _api.GetAsync(null);
        await _api.AssertRefusedAsync(Reason.BearerMissing, response);
        Assert.Equal("Bearer realm=\"https://api.example\"" + ApiUnderTest.Hint, ApiUnderTest.ChallengeOf(response));
        using var basic = await _api.SendAsync("/read", ["Basic d2ViOng="]);
        await _api.AssertRefusedAsync(Reason.BearerMissing, basic);
        using var other = await _api.SendAsync("/read", ["Bearerx abc"]);
        await _api.AssertRefusedAsync(Reason.BearerMissing, other);
    }

    [Fact]
    [Trait("Spec", "RFC 6750 §3")]
    public async Task A_bad_token_is_challenged_with_its_error()
    {
        using var response = await _api.GetAsync(_api.Issuer.AccessToken(c => c["aud"] = "https://other.example"));
        await _api.AssertRefusedAsync(Reason.BearerAudienceWrong, response);
        Assert.Equal(
            "Bearer realm=\"https://api.example\", error=\"invalid_token\", error_description=\"The access token is for another API.\""
                + ApiUnderTest.Hint,
            ApiUnderTest.ChallengeOf(response)
        );
    }

    [Fact]
    [Trait("Spec", "RFC 6750 §3.1")]
    public async Task A_missing_scope_is_403_and_named()
    {
        using var response = await _api.GetAsync(_api.Issuer.AccessToken(scope: "read reader"), "/group/write");
        await _api.AssertRefusedAsync(Reason.BearerScopeInsufficient, response);
        Assert.Contains(", scope=\"read write\",", ApiUnderTest.ChallengeOf(response), StringComparison.Ordinal);
        using var enough = await _api.GetAsync(_api.Issuer.AccessToken(scope: "write read"), "/group/write");
        Assert.Equal("written", await enough.TextAsync());
    }

    [Fact]
    [Trait("Spec", "RFC 6750 §3.1")]
    public async Task An_endpoint_may_demand_more_once_it_knows_what_is_called()
    {
        var less = _api.Issuer.AccessToken(scope: "read");
        using var reading = await _api.GetAsync(less, "/tool/read");
        Assert.Equal("called read", await reading.TextAsync());
        using var refused = await _api.GetAsync(less, "/tool/write");
        await _api.AssertRefusedAsync(Reason.BearerScopeInsufficient, refused);
        Assert.Contains(", scope=\"read write\",", ApiUnderTest.ChallengeOf(refused), StringComparison.Ordinal);
        using var writing = await _api.GetAsync(_api.Issuer.AccessToken(scope: "read write"), "/tool/write");
        Assert.Equal("called write", await writing.TextAsync());
    }

    [Theory]
    [InlineData("reader")]
    [InlineData("READ")]
    [InlineData("")]
    public async Task Scopes_are_compared_whole(string scope)
    {
        using var response = await _api.GetAsync(_api.Issuer.AccessToken(scope: scope));
        await _api.AssertRefusedAsync(Reason.BearerScopeInsufficient, response);
    }

    [Fact]
    [Trait("Spec", "RFC 6750 §2")]
    public async Task Refuses_a_token_in_two_places()
    {
        var token = _api.Issuer.AccessToken();
        var twice = await _api.SendRawAsync($"GET /read HTTP/1.1\nAuthorization: Bearer {token}\nAuthorization: Bearer {token}");
        Assert.Equal("HTTP/1.1 400 Bad Request", twice);
        Assert.Equal(Reason.BearerInTwoPlaces, _api.Checks[^1].Verdict.Refused);
        using var form = new FormUrlEncodedContent([new("access_token", token)]);
        using var body = await _api.SendAsync("/read", ["Bearer " + token], form);
        await _api.AssertRefusedAsync(Reason.BearerInTwoPlaces, body);
        using var onlyForm = new FormUrlEncodedContent([new("access_token", token)]);
        using var onlyBody = await _api.SendAsync("/read", [], onlyForm);
        await _api.AssertRefusedAsync(Reason.BearerMissing, onlyBody);
    }

    [Fact]
    public async Task A_form_reaches_the_app_unread()
    {
        using var form = new FormUrlEncodedContent([new("text", "hello")]);
        using var response = await _api.SendAsync("/echo", ["Bearer " + _api.Issuer.AccessToken()], form);
        Assert.Equal("text=hello", await response.TextAsync());
    }

    [Fact]
    [Trait("Spec", "RFC 9700 §4.3.2")]
    public async Task Refuses_a_token_in_the_URL()
    {
        var token = _api.Issuer.AccessToken();
        using var alone = await _api.GetAsync(null, "/read?access_token=" + token);
        await _api.AssertRefusedAsync(Reason.TokenInUrl, alone);
        using var both = await _api.GetAsync(token, "/read?x=1&access%5Ftoken=" + token);
        await _api.AssertRefusedAsync(Reason.TokenInUrl, both);
        Assert.DoesNotContain(_api.Checks, check => check.Path.Contains(token, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Bearer a b")]
    [InlineData("Bearer a, Bearer b")]
    [InlineData("Bearer =")]
    [InlineData("Bearer a=b")]
    [InlineData("Bearer {}")]
    [Trait("Spec", "RFC 6750 §2.1")]
    public async Task Refuses_what_is_no_token(string authorization)
    {
        using var response = await _api.SendAsync("/read", [authorization]);
        await _api.AssertRefusedAsync(Reason.BearerMalformed, response);
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("a.b")]
    [InlineData("a.b.c")]
    [InlineData("e30.e30.")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9.e30.AA.AA")]
    [Trait("Spec", "RFC 9068 §4")]
    public async Task Refuses_what_is_no_signed_JWT(string token)
    {
        using var response = await _api.GetAsync(token);
        await _api.AssertRefusedAsync(Reason.BearerMalformed, response);
    }

    [Theory]
    [InlineData("JWT")]
    [InlineData("")]
    [InlineData("logout+jwt")]
    [InlineData("dpop+jwt")]
    [Trait("Spec", "RFC 9068 §4")]
    public async Task Refuses_tokens_of_another_type(string typ)
    {
        using var response = await _api.GetAsync(_api.Issuer.AccessToken(typ: typ));
        await _api.AssertRefusedAsync(Reason.BearerTypeWrong, response);
    }

    [Theory]
    [InlineData("AT+JWT")]
    [InlineData("application/at+jwt")]
    public async Task Takes_every_spelling_of_the_right_type(string typ)
    {
        using var response = await _api.GetAsync(_api.Issuer.AccessToken(typ: typ));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    [Trait("Spec", "RFC 9068 §4")]
    public async Task Refuses_forged_tokens_before_it_looks_at_their_claims()
    {
        var stranger = JsonWebKey.Generate("ES256", "key-1");
        using var forged = await _api.GetAsync(_api.Issuer.AccessToken(key: stranger));
        await _api.AssertRefusedAsync(Reason.BearerSignatureInvalid, forged);
        using var expired = await _api.GetAsync(_api.Issuer.AccessToken(c => c["exp"] = 1, key: stranger));
        await _api.AssertRefusedAsync(Reason.BearerSignatureInvalid, expired);
        var parts = _api.Issuer.AccessToken().Split('.');
        var claims = Encoding.UTF8.GetBytes("""{"iss":"x","sub":"root"}""");
        using var tampered = await _api.GetAsync($"{parts[0]}.{Base64UrlText.Encode(claims)}.{parts[2]}");
        await _api.AssertRefusedAsync(Reason.BearerSignatureInvalid, tampered);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("HS256")]
    public async Task Refuses_algorithms_that_are_not_asymmetric(string alg)
    {
        var header = Base64UrlText.Encode(Encoding.UTF8.GetBytes($$"""{"alg":"{{alg}}","typ":"at+jwt","kid":"key-1"}"""));
        var payload = _api.Issuer.AccessToken().Split('.')[1];
        using var unsigned = await _api.GetAsync($"{header}.{payload}.");
        await _api.AssertRefusedAsync(Reason.BearerSignatureInvalid, unsigned);
        using var signed = await _api.GetAsync($"{header}.{payload}.{Base64UrlText.Encode(new byte[32])}");
        await _api.AssertRefusedAsync(Reason.BearerSignatureInvalid, signed);
    }

    [Theory]
    [InlineData("iss")]
    [InlineData("aud")]
    [InlineData("sub")]
    [InlineData("client_id")]
    [InlineData("jti")]
    [InlineData("exp")]
    [InlineData("iat")]
    [Trait("Spec", "RFC 9068 §2.2")]
    public async Task Refuses_tokens_that_lack_a_claim(string claim)
    {
        using var response = await _api.GetAsync(_api.Issuer.AccessToken(c => c.Remove(claim)));
        await _api.AssertRefusedAsync(Reason.BearerClaimsInvalid, response);
    }

    [Theory]
    [InlineData("exp", "\"9999999999\"")]
    [InlineData("exp", "true")]
    [InlineData("exp", "1e400")]
    [InlineData("exp", "-1")]
    [InlineData("nbf", "\"x\"")]
    [InlineData("aud", "[]")]
    [InlineData("aud", "{}")]
    [InlineData("aud", "[[\"https://api.example\"]]")]
    [InlineData("sub", "1")]
    [InlineData("sub", "\"\"")]
    [InlineData("client_id", "[\"web\"]")]
    [InlineData("scope", "[\"read\"]")]
    [InlineData("scope", "\"read\\t\"")]
    public async Task Refuses_claims_of_a_wrong_type(string claim, string value)
    {
        using var signer = JwsSigner.Create(_api.Issuer.Key, "ES256");
        var claims = new JsonObject
        {
            ["iss"] = _api.Issuer.Url,
            ["sub"] = "alice",
            ["aud"] = TestIssuer.Audience,
            ["client_id"] = "web",
            ["scope"] = "read",
            ["jti"] = "1",
            ["iat"] = _api.Issuer.Now,
            ["exp"] = _api.Issuer.Now + 60,
        };
        claims.Remove(claim);
        var text = claims.ToJsonString()[..^1] + $",\"{claim}\":{value}}}";
        using var response = await _api.GetAsync(signer.Sign("at+jwt", Encoding.UTF8.GetBytes(text)));
        await _api.AssertRefusedAsync(Reason.BearerClaimsInvalid, response);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("x")]
    public async Task Refuses_an_issuer_that_is_only_similar(string suffix)
    {
        using var response = await _api.GetAsync(_api.Issuer.AccessToken(c => c["iss"] = _api.Issuer.Url + suffix));
        await _api.AssertRefusedAsync(Reason.BearerIssuerWrong, response);
    }

    [Fact]
    public async Task Takes_one_of_several_audiences_but_only_the_exact_one()
    {
        using var good = await _api.GetAsync(_api.Issuer.AccessToken(c => c["aud"] = new JsonArray("https://x.example", TestIssuer.Audience)));
        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
        using var bad = await _api.GetAsync(_api.Issuer.AccessToken(c => c["aud"] = new JsonArray("https://api.example/", "https://API.example")));
        await _api.AssertRefusedAsync(Reason.BearerAudienceWrong, bad);
    }

    [Fact]
    [Trait("Spec", "RFC 9068 §4")]
    public async Task Refuses_an_expired_token_also_when_it_was_good_before()
    {
        var token = _api.Issuer.AccessToken(c => c["exp"] = _api.Issuer.Now + 60);
        using var before = await _api.GetAsync(token);
        Assert.Equal(HttpStatusCode.OK, before.StatusCode);
        _api.Clock.Advance(TimeSpan.FromSeconds(64));
        using var grace = await _api.GetAsync(token);
        Assert.Equal(HttpStatusCode.OK, grace.StatusCode);
        _api.Clock.Advance(TimeSpan.FromSeconds(1));
        using var after = await _api.GetAsync(token);
        await _api.AssertRefusedAsync(Reason.BearerExpired, after);
    }

    [Theory]
    [InlineData("nbf")]
    [InlineData("iat")]
    public async Task Takes_ten_seconds_of_future_and_no_more(string claim)
    {
        using var near = await _api.GetAsync(_api.Issuer.AccessToken(c => c[claim] = _api.Issuer.Now + 10));
        Assert.Equal(HttpStatusCode.OK, near.StatusCode);
        using var far = await _api.GetAsync(_api.Issuer.AccessToken(c => c[claim] = _api.Issuer.Now + 11));
        await _api.AssertRefusedAsync(Reason.BearerNotYetValid, far);
    }

    [Fact]
    [Trait("Spec", "RFC 9449 §7.2")]
    public async Task Refuses_a_token_bound_to_a_key_as_a_plain_bearer_token()
    {
        using var response = await _api.GetAsync(_api.Issuer.AccessToken(c => c["cnf"] = new JsonObject { ["jkt"] = "x" }));
        await _api.AssertRefusedAsync(Reason.BearerClaimsInvalid, response);
    }

    [Fact]
    public async Task The_observer_sees_a_tag_and_never_the_token()
    {
        var token = _api.Issuer.AccessToken();
        using var _ = await _api.GetAsync(token);
        var shown = _api.Checks[^1].Token;
        Assert.Matches("^#[0-9a-f]{4}$", shown.Single(value => value.Name == "token").Value);
        Assert.Equal("alice", shown.Single(value => value.Name == "sub").Value);
        Assert.DoesNotContain(shown, value => value.Value.Contains(token.Split('.')[2], StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_endpoint_is_guarded_even_if_the_middleware_was_forgotten()
    {
        await using var api = await ApiUnderTest.StartAsync(middleware: false);
        using var without = await api.GetAsync(null, "/group/write");
        await api.AssertRefusedAsync(Reason.BearerMissing, without);
        using var less = await api.GetAsync(api.Issuer.AccessToken(), "/group/write");
        await api.AssertRefusedAsync(Reason.BearerScopeInsufficient, less);
        using var good = await api.GetAsync(api.Issuer.AccessToken(scope: "read write"), "/group/write");
        Assert.Equal("written", await good.TextAsync());
    }

    [Fact]
    public async Task Names_the_page_of_an_error_where_there_is_one()
    {
        await using var api = await ApiUnderTest.StartAsync(o => o.ErrorPages = "https://id.example/errors/");
        using var response = await api.GetAsync("abc");
        Assert.Contains(", error_uri=\"https://id.example/errors/OST6002\",", ApiUnderTest.ChallengeOf(response), StringComparison.Ordinal);
        Assert.Contains("\"error_uri\":\"https://id.example/errors/OST6002\"", await response.TextAsync());
    }
}
