using System.Net;
using System.Text.Json.Nodes;
using Ostiary.AspNetCore.Bff;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;

namespace Ostiary.AspNetCore.Tests.Bff;

public sealed class SignInTests : IAsyncLifetime
{
    private BffUnderTest _bff = null!;

    public async ValueTask InitializeAsync() => _bff = await BffUnderTest.StartAsync();

    public async ValueTask DisposeAsync() => await _bff.DisposeAsync();

    [Fact]
    [Trait("Spec", "RFC 6749 §4.1.1")]
    [Trait("Spec", "RFC 7636 §4.1")]
    [Trait("Spec", "RFC 7636 §4.3")]
    [Trait("Spec", "RFC 8707 §2.1")]
    [Trait("Spec", "OIDC Core §3.1.2.1")]
    public async Task Asks_with_state_nonce_and_challenge()
    {
        var request = await _bff.BeginAsync();
        Assert.Equal("code", request["response_type"]);
        Assert.Equal("web", request["client_id"]);
        Assert.Equal(_bff.Url + "/signin/callback", request["redirect_uri"]);
        Assert.Equal("openid offline_access", request["scope"]);
        Assert.Equal("S256", request["code_challenge_method"]);
        Assert.True(Pkce.IsChallenge(request["code_challenge"]!));
        Assert.Equal(TestIssuer.Audience, request["resource"]);
        Assert.Equal(43, request["nonce"]!.Length);
        Assert.Equal(54, request["state"]!.Length);
        var second = await _bff.BeginAsync();
        Assert.NotEqual(request["state"], second["state"]);
        Assert.NotEqual(request["nonce"], second["nonce"]);
        Assert.NotEqual(request["code_challenge"], second["code_challenge"]);
    }

    [Fact]
    [Trait("Spec", "RFC 6749 §4.1.3")]
    [Trait("Spec", "RFC 7636 §4.5")]
    [Trait("Spec", "RFC 8707 §2.2")]
    [Trait("Spec", "RFC 9700 §4.12")]
    public async Task Signs_in_and_keeps_the_tokens_to_itself()
    {
        using var response = await _bff.SignInAsync("?returnUrl=/notes%3Fa=1");
        Assert.Equal(HttpStatusCode.SeeOther, response.StatusCode);
        Assert.Equal("/notes?a=1", response.Headers.Location!.OriginalString);
        Assert.Equal("Alice <A>", await _bff.TextAsync("/"));
        Assert.Equal("access-1", await _bff.TextAsync("/token"));
        var exchange = Assert.Single(_bff.TokenRequests);
        Assert.Equal("authorization_code", exchange["grant_type"]);
        Assert.Equal(TestIssuer.Audience, exchange["resource"]);
        Assert.False(exchange.Has("client_id"));
        Assert.StartsWith("Basic ", _bff.Issuer.LastAuthorization);
        var cookie = Assert.Single(_bff.Cookies.GetAllCookies());
        Assert.Equal(("ostiary", 43, true), (cookie.Name, cookie.Value.Length, cookie.HttpOnly));
    }

    [Fact]
    [Trait("Spec", "RFC 6749 §3.2.1")]
    public async Task A_public_client_names_itself_in_the_form()
    {
        await using var bff = await BffUnderTest.StartAsync(o => o.ClientSecret = null);
        using var response = await bff.SignInAsync();
        Assert.Equal("web", bff.TokenRequests[0]["client_id"]);
        Assert.True(string.IsNullOrEmpty(bff.Issuer.LastAuthorization));
        Assert.Equal("Alice <A>", await bff.TextAsync("/"));
    }

    [Fact]
    public async Task Two_tabs_do_not_disturb_each_other()
    {
        var first = await _bff.BeginAsync("?returnUrl=/first");
        var second = await _bff.BeginAsync("?returnUrl=/second");
        using var one = await _bff.ReturnAsync(_bff.Answer(first));
        using var two = await _bff.ReturnAsync(_bff.Answer(second));
        Assert.Equal(("/first", "/second"), (one.Headers.Location!.OriginalString, two.Headers.Location!.OriginalString));
    }

    [Fact]
    [Trait("Spec", "RFC 6749 §10.12")]
    public async Task Refuses_a_browser_that_began_nothing()
    {
        await using var other = await BffUnderTest.StartAsync();
        using var response = await other.ReturnAsync(
            new()
            {
                ["code"] = "x",
                ["state"] = "y",
                ["iss"] = other.Issuer.Url,
            }
        );
        await other.AssertRefusedAsync(Reason.CallbackCookieMissing, response);
    }

    [Fact]
    [Trait("Spec", "RFC 6749 §10.12")]
    public async Task Refuses_a_state_of_another_browser_and_a_missing_one()
    {
        var victim = await _bff.BeginAsync();
        var answer = _bff.Answer(victim);
        answer["state"] = Entropy.Text(8) + Entropy.Text(32);
        using var foreign = await _bff.ReturnAsync(answer);
        await _bff.AssertRefusedAsync(Reason.CallbackStateWrong, foreign);
        answer.Remove("state");
        using var missing = await _bff.ReturnAsync(answer);
        await _bff.AssertRefusedAsync(Reason.CallbackStateWrong, missing);
        answer["state"] = victim["state"]![..^1] + (victim["state"]![^1] == 'A' ? 'E' : 'A');
        using var similar = await _bff.ReturnAsync(answer);
        await _bff.AssertRefusedAsync(Reason.CallbackStateWrong, similar);
        Assert.Empty(_bff.TokenRequests);
    }

    [Fact]
    public async Task A_state_serves_once_even_where_the_cookie_was_kept()
    {
        var request = await _bff.BeginAsync();
        var kept = _bff.Cookies.GetAllCookies().Single(cookie => cookie.Name.Contains("-signin-", StringComparison.Ordinal));
        using var first = await _bff.ReturnAsync(_bff.Answer(request));
        Assert.Equal(HttpStatusCode.SeeOther, first.StatusCode);
        _bff.Cookies.Add(new Cookie(kept.Name, kept.Value, "/", kept.Domain));
        using var second = await _bff.ReturnAsync(_bff.Answer(request));
        Assert.Equal(HttpStatusCode.BadRequest, second.StatusCode);
        Assert.Contains("OST6030", await second.TextAsync());
        Assert.Single(_bff.TokenRequests);
    }

    [Fact]
    public async Task A_sign_in_that_took_too_long_has_to_begin_again()
    {
        var request = await _bff.BeginAsync();
        _bff.Clock.Advance(TimeSpan.FromMinutes(10));
        using var response = await _bff.ReturnAsync(_bff.Answer(request));
        await _bff.AssertRefusedAsync(Reason.CallbackStateWrong, response);
    }

    [Theory]
    [InlineData("https://other.example")]
    [InlineData(null)]
    [Trait("Spec", "RFC 9207 §2.4")]
    [Trait("Spec", "RFC 9207 §3")]
    public async Task Refuses_an_answer_of_another_issuer(string? iss)
    {
        var answer = _bff.Answer(await _bff.BeginAsync());
        answer.Remove("iss");
        if (iss is not null)
            answer["iss"] = iss;
        using var response = await _bff.ReturnAsync(answer);
        await _bff.AssertRefusedAsync(Reason.CallbackIssuerWrong, response);
        Assert.Empty(_bff.TokenRequests);
    }

    [Fact]
    [Trait("Spec", "RFC 9207 §2.4")]
    public async Task Demands_no_iss_of_an_issuer_that_never_sends_one()
    {
        _bff.Issuer.ChangeDocument = document => document.Remove("authorization_response_iss_parameter_supported");
        var answer = _bff.Answer(await _bff.BeginAsync());
        answer.Remove("iss");
        using var response = await _bff.ReturnAsync(answer);
        Assert.Equal(HttpStatusCode.SeeOther, response.StatusCode);
    }

    [Fact]
    [Trait("Spec", "RFC 6749 §4.1.2.1")]
    public async Task Tells_that_the_issuer_refused_and_echoes_nothing()
    {
        var answer = _bff.Answer(await _bff.BeginAsync());
        answer.Remove("code");
        answer["error"] = "access_denied";
        answer["error_description"] = "<script>alert(1)</script>";
        using var response = await _bff.ReturnAsync(answer);
        Assert.DoesNotContain("script", await response.TextAsync());
        await _bff.AssertRefusedAsync(Reason.CallbackRefused, response);
    }

    [Fact]
    [Trait("Spec", "RFC 6749 §4.1.2")]
    public async Task Refuses_an_answer_without_a_code()
    {
        var answer = _bff.Answer(await _bff.BeginAsync());
        answer.Remove("code");
        using var response = await _bff.ReturnAsync(answer);
        await _bff.AssertRefusedAsync(Reason.CallbackRefused, response);
    }

    [Fact]
    [Trait("Spec", "RFC 6749 §3.1")]
    public async Task Refuses_a_parameter_that_occurs_twice()
    {
        var request = await _bff.BeginAsync();
        using var response = await _bff.GetAsync(
            $"/signin/callback?code=a&code=b&state={request["state"]}&iss={Uri.EscapeDataString(_bff.Issuer.Url)}"
        );
        await _bff.AssertRefusedAsync(Reason.ParameterRepeated, response);
    }

    [Fact]
    [Trait("Spec", "RFC 6749 §5.2")]
    public async Task A_code_that_the_issuer_refuses_signs_nobody_in()
    {
        var answer = _bff.Answer(await _bff.BeginAsync());
        answer["code"] = "stolen";
        using var response = await _bff.ReturnAsync(answer);
        await _bff.AssertRefusedAsync(Reason.CallbackRefused, response);
    }

    [Theory]
    [InlineData(500, "")]
    [InlineData(200, "{}")]
    [InlineData(200, """{"access_token":"a","token_type":"DPoP"}""")]
    [InlineData(503, """{"error":"temporarily_unavailable"}""")]
    [Trait("Spec", "RFC 6749 §7.1")]
    public async Task An_issuer_that_answers_nonsense_counts_as_away(int status, string body)
    {
        _bff.Issuer.Issue = _ => Task.FromResult((status, body));
        using var response = await _bff.SignInAsync();
        await _bff.AssertRefusedAsync(Reason.IssuerUnreachable, response);
    }

    [Fact]
    public async Task An_issuer_that_is_away_is_a_plain_503()
    {
        _bff.Issuer.IsDown = true;
        using var response = await _bff.GetAsync("/signin");
        await _bff.AssertRefusedAsync(Reason.IssuerUnreachable, response);
    }

    public static TheoryData<string, string?> WrongClaims =>
        new()
        {
            { "iss", "\"https://other.example\"" },
            { "iss", null },
            { "aud", "\"other\"" },
            { "aud", "[\"web\",\"other\"]" },
            { "aud", null },
            { "azp", "\"other\"" },
            { "exp", "1" },
            { "exp", null },
            { "iat", "9999999999" },
            { "iat", null },
            { "nonce", "\"other\"" },
            { "nonce", null },
            { "sub", "\"\"" },
            { "sub", null },
            { "at_hash", "\"AAAAAAAAAAAAAAAAAAAAAA\"" },
            { "at_hash", "1" },
        };

    [Theory]
    [MemberData(nameof(WrongClaims))]
    [Trait("Spec", "OIDC Core §3.1.3.7")]
    [Trait("Spec", "OIDC Core §3.1.3.8")]
    public async Task Refuses_an_ID_token_with_a_wrong_claim(string claim, string? value)
    {
        _bff.ChangeIdToken = claims =>
        {
            claims.Remove(claim);
            if (value is not null)
                claims[claim] = JsonNode.Parse(value);
        };
        using var response = await _bff.SignInAsync();
        await _bff.AssertRefusedAsync(Reason.IdTokenRejected, response);
    }

    [Fact]
    [Trait("Spec", "OIDC Core §3.1.3.6")]
    public async Task Takes_an_ID_token_without_at_hash_and_with_azp()
    {
        _bff.ChangeIdToken = claims =>
        {
            claims.Remove("at_hash");
            claims["aud"] = new JsonArray("web", "other");
            claims["azp"] = "web";
        };
        using var response = await _bff.SignInAsync();
        Assert.Equal(HttpStatusCode.SeeOther, response.StatusCode);
        Assert.Equal("77QmUPtjPfzWtF2AnpK9RQ", IdTokenRules.HalfHash("ES256", "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"));
    }

    [Fact]
    [Trait("Spec", "OIDC Core §3.1.3.7")]
    public async Task Refuses_a_forged_ID_token()
    {
        _bff.Issuer.IdTokenKey = JsonWebKey.Generate("RS256", "rsa-1");
        using var forged = await _bff.SignInAsync();
        await _bff.AssertRefusedAsync(Reason.IdTokenRejected, forged);
    }

    [Fact]
    public async Task Refuses_an_ID_token_with_another_algorithm_than_expected()
    {
        _bff.Issuer.IdTokenKey = _bff.Issuer.Key;
        using var other = await _bff.SignInAsync();
        await _bff.AssertRefusedAsync(Reason.IdTokenRejected, other);
    }

    [Theory]
    [InlineData("eyJhbGciOiJub25lIn0")]
    [InlineData("eyJhbGciOiJIUzI1NiIsImtpZCI6InJzYS0xIn0")]
    public async Task Refuses_an_unsigned_ID_token(string header)
    {
        _bff.ReplaceIdToken = token => $"{header}.{token.Split('.')[1]}.";
        using var response = await _bff.SignInAsync();
        await _bff.AssertRefusedAsync(Reason.IdTokenRejected, response);
    }

    [Fact]
    public async Task Refuses_an_answer_without_an_ID_token()
    {
        _bff.ChangeAnswer = answer => answer.Remove("id_token");
        using var response = await _bff.SignInAsync();
        await _bff.AssertRefusedAsync(Reason.IdTokenRejected, response);
    }

    [Theory]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("/\t/evil.example")]
    [InlineData("https://evil.example")]
    [InlineData("https:evil.example")]
    [InlineData("javascript:alert(1)")]
    [InlineData("data:text/html,x")]
    [InlineData("~//evil.example")]
    [InlineData("/a\\b")]
    [InlineData("/a\r\nSet-Cookie: x=1")]
    [InlineData(" /")]
    [InlineData("/é")]
    [InlineData("")]
    [Trait("Spec", "RFC 9700 §4.11")]
    public async Task A_return_URL_that_leads_away_is_not_followed(string returnUrl)
    {
        using var response = await _bff.SignInAsync("?returnUrl=" + Uri.EscapeDataString(returnUrl));
        Assert.Equal("/", response.Headers.Location!.OriginalString);
    }

    [Theory]
    [InlineData("/%2f%2fevil")]
    [InlineData("/a//b?c=%20#d")]
    public void Local_paths_stay_as_they_are(string path) => Assert.Equal(path, LocalPath.OrRoot(path));

    [Theory]
    [InlineData(200, """{"sub":"alice","email":"a@example.test","name":"Other","iss":"x"}""", "a@example.test")]
    [InlineData(200, """{"sub":"mallory","email":"m@example.test"}""", null)]
    [InlineData(200, """{"email":"m@example.test"}""", null)]
    [InlineData(200, "[]", null)]
    [InlineData(500, "", null)]
    [Trait("Spec", "OIDC Core §5.3.2")]
    [Trait("Spec", "OIDC Core §5.4")]
    public async Task Userinfo_adds_claims_of_the_same_person_only(int status, string body, string? email)
    {
        await using var bff = await BffUnderTest.StartAsync(o => o.Scope = "openid email");
        var asked = "";
        bff.Issuer.UserInfo = authorization =>
        {
            asked = authorization;
            return (status, body);
        };
        using var response = await bff.SignInAsync();
        Assert.Equal("Bearer access-1", asked);
        Assert.Equal("Alice <A>", await bff.TextAsync("/"));
        Assert.Equal(email ?? "none", await bff.TextAsync("/email"));
    }

    [Fact]
    public async Task The_observer_sees_the_hops_and_no_secret()
    {
        using var response = await _bff.SignInAsync();
        Assert.Equal(["authorization request", "callback", "code exchange", "id token"], _bff.Hops.Select(hop => hop.Name));
        Assert.All(_bff.Hops.SelectMany(hop => hop.Rules), rule => Assert.True(rule.Passed));
        var shown = _bff.Hops.SelectMany(hop => hop.Sent.Concat(hop.Answer)).ToList();
        var state = shown.Where(value => value.Name == "state").Select(value => value.Value).Distinct();
        Assert.Matches("^#[0-9a-f]{4}$", Assert.Single(state));
        var exchange = _bff.TokenRequests[0];
        foreach (var secret in (string[])[exchange["code"]!, exchange["code_verifier"]!, "access-1", "refresh-1"])
            Assert.DoesNotContain(shown, value => value.Value.Contains(secret, StringComparison.Ordinal));
    }
}
