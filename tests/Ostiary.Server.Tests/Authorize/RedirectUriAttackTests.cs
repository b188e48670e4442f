using System.Net;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Authorize;

/// <summary>Whatever is wrong before the redirect URI is trusted ends on a page, and goes nowhere.</summary>
public sealed class RedirectUriAttackTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private TestServer Server => shared.Server;

    [Theory, Trait("Spec", "RFC 9700 §2.1"), Trait("Spec", "RFC 9700 §4.1"), Trait("Spec", "RFC 6749 §3.1.2")]
    [InlineData("https://evil.test/cb")] // A01
    [InlineData("https://rp.test/cb/../x")] // A02
    [InlineData("https://rp.test/cb/%2e%2e/x")]
    [InlineData("https://rp.test/cb%2f..%2fx")] // A03
    [InlineData("https://rp.test/cb%5c..%5cx")]
    [InlineData("https://rp.test@evil.test/cb")] // A04
    [InlineData("https://u@rp.test/cb")]
    [InlineData("https://evil.test\\@rp.test/cb")] // A05
    [InlineData("https://rp.test\\.evil.test/cb")]
    [InlineData("https://rp.test.evil.test/cb")] // A06
    [InlineData("https://xrp.test/cb")]
    [InlineData("https://axrp.test/cb?t=1")] // A07
    [InlineData("HTTPS://RP.test/cb")] // A08
    [InlineData("https://RP.test/cb")]
    [InlineData("https://rp.test/CB")] // A09
    [InlineData("https://rp.test/cb/")]
    [InlineData("https://rp.test/cb?x=1")]
    [InlineData("https://rp.test:443/cb")]
    [InlineData("https://rp.test:8443/cb")] // A10
    [InlineData("https://rp.test/cb#x")] // A11
    [InlineData("https://rp.test/cb#")]
    [InlineData("http://rp.test/cb")] // A12
    [InlineData("https://\u0440p.test/cb")] // A13
    [InlineData("https://rp\u3002test/cb")]
    [InlineData("https://\uFF52\uFF50.test/cb")]
    [InlineData("https://xn--p-tbc.test/cb")]
    [InlineData(" https://rp.test/cb")] // A14
    [InlineData("https://r\tp.test/cb")]
    [InlineData("https://rp.test/cb\r\nX-Evil: 1")]
    [InlineData("https://rp.test/cb?t=1&code=evil")]
    [InlineData("/cb")] // A18
    [InlineData("//rp.test/cb")]
    [InlineData("https:rp.test/cb")]
    [InlineData("javascript:alert(1)")]
    public async Task A01_to_A18_refuses_every_address_but_the_registered_one(string redirectUri)
    {
        var answer = await shared.Alice.GetAsync("/authorize?" + Ask.Query("https-app", ("redirect_uri", redirectUri)));

        await answer.ShouldBePageAsync("OST1012");
    }

    [Theory, Trait("Spec", "RFC 6749 §3.1"), Trait("Spec", "OIDC Core §3.1.2.1"), Trait("Spec", "RFC 6749 §4.1.1")]
    [InlineData("redirect_uri", null, "OST1013")]
    [InlineData("redirect_uri", "", "OST1013")]
    [InlineData("client_id", null, "OST1010")]
    [InlineData("client_id", "", "OST1010")]
    [InlineData("+redirect_uri", "https://evil.test/cb", "OST1003")] // A16
    [InlineData("+redirect_uri", "https://rp.test/cb", "OST1003")]
    [InlineData("+redirect_uri", "", "OST1003")]
    [InlineData("+client_id", "https-app", "OST1003")]
    [InlineData("+client_id", "web", "OST1003")]
    public async Task A15_and_A16_refuses_a_missing_empty_or_repeated_address(string name, string? value, string code)
    {
        var answer = await shared.Alice.GetAsync("/authorize?" + Ask.Query("https-app", (name, value)));

        await answer.ShouldBePageAsync(code);
    }

    [Theory, Trait("Spec", "RFC 6749 §3.1")]
    [InlineData("%00", "OST1001")]
    [InlineData("%ff", "OST1001")]
    [InlineData("%c0%af", "OST1001")]
    [InlineData("%zz", "OST1001")]
    [InlineData("%2", "OST1001")]
    [InlineData("%u0041", "OST1001")]
    public async Task A14_and_M10_refuses_what_is_no_text(string ending, string code)
    {
        var answer = await RawHttp.SendAsync(Server, RawHttp.Request($"GET /authorize?{Ask.Query("https-app")}&x={ending} HTTP/1.1"));

        Assert.Equal(400, RawHttp.StatusOf(answer));
        Assert.Contains(code, answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Location:", answer, StringComparison.OrdinalIgnoreCase);
    }

    [Fact, Trait("Spec", "RFC 6749 §3.1")]
    public async Task A16_the_evil_address_first_is_no_better()
    {
        var answer = await shared.Alice.GetAsync("/authorize?redirect_uri=https%3A%2F%2Fevil.test%2Fcb&" + Ask.Query("https-app"));

        await answer.ShouldBePageAsync("OST1003");
    }

    [Fact, Trait("Spec", "RFC 6749 §3.1")]
    public async Task A17_refuses_a_request_split_over_query_and_body()
    {
        var form = Ask.Changed([("client_id", "https-app"), ("response_type", "code"), ("redirect_uri", "https://rp.test/cb")], []);

        var answer = await shared.Alice.PostAsync("/authorize?redirect_uri=https%3A%2F%2Fevil.test%2Fcb", form);

        await answer.ShouldBePageAsync("OST2002");
    }

    [Fact, Trait("Spec", "OIDC Core §3.1.2.1")]
    public async Task A17_refuses_a_posted_request_of_another_content_type()
    {
        using var http = Server.NewHttp();
        using var json = new StringContent("{}", System.Text.Encoding.UTF8, "application/json");

        var answer = await http.PostAsync(new Uri("/authorize", UriKind.Relative), json, TestContext.Current.CancellationToken);

        await answer.ShouldBePageAsync("OST2001");
    }

    [Fact, Trait("Spec", "RFC 6749 §3.1.2")]
    public async Task A22_keeps_the_query_of_the_registered_address()
    {
        var answer = await shared.Alice.GetAsync("/authorize?" + Ask.Query("https-app", ("redirect_uri", "https://a.rp.test/cb?t=1")));

        var query = Browser.QueryOf(answer);
        Assert.Null(query.Repeated);
        Assert.Equal(("1", "the state", Server.Issuer), (query["t"], query["state"], query["iss"]));
        Assert.NotNull(query["code"]);
    }

    [Theory, Trait("Spec", "RFC 8252 §7.3"), Trait("Spec", "OAuth 2.1 §2.3.1")]
    [InlineData("http://127.0.0.1:51004/cb")]
    [InlineData("http://127.0.0.1/cb")]
    [InlineData("http://[::1]:9/cb")]
    [InlineData("com.example.app:/cb")]
    public async Task A23_answers_a_native_app_on_any_loopback_port(string redirectUri)
    {
        var answer = await shared.Alice.GetAsync("/authorize?" + Ask.Query("nat", ("redirect_uri", redirectUri)));

        Assert.StartsWith(redirectUri + "?", answer.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.NotNull(Browser.QueryOf(answer)["code"]);
    }

    [Theory, Trait("Spec", "RFC 8252 §7.3"), Trait("Spec", "RFC 8252 §7.1")]
    [InlineData("http://localhost:5/cb")] // A24
    [InlineData("http://127.0.0.2:5/cb")]
    [InlineData("http://0x7f.1:5/cb")]
    [InlineData("http://2130706433:5/cb")]
    [InlineData("http://[::ffff:127.0.0.1]:5/cb")]
    [InlineData("http://[0:0:0:0:0:0:0:1]:5/cb")]
    [InlineData("http://localhost.:5/cb")]
    [InlineData("http://127.0.0.1.evil.test/cb")]
    [InlineData("http://127.0.0.1:5@evil.test/cb")]
    [InlineData("http://127.0.0.1@evil.test/cb")]
    [InlineData("http://127.0.0.1:/cb")]
    [InlineData("http://127.0.0.1:123456/cb")]
    [InlineData("http://127.0.0.1:-1/cb")]
    [InlineData("https://127.0.0.1:5/cb")]
    [InlineData("http://127.0.0.1:5/other")] // A25
    [InlineData("http://127.0.0.1:5/cb?x=1")]
    [InlineData("http://127.0.0.1:5/cb#x")]
    [InlineData("com.example.app:/other")]
    [InlineData("com.example.app://cb")]
    [InlineData("COM.example.app:/cb")]
    public async Task A24_and_A25_refuses_another_host_or_path_on_loopback(string redirectUri)
    {
        var answer = await shared.Alice.GetAsync("/authorize?" + Ask.Query("nat", ("redirect_uri", redirectUri)));

        await answer.ShouldBePageAsync("OST1012");
    }

    [Theory, Trait("Spec", "RFC 6749 §4.1.2.1")]
    [InlineData("nope")]
    [InlineData("HTTPS-APP")]
    [InlineData("https-app ")]
    [InlineData("https\u2010app")]
    public async Task A28_refuses_an_unknown_client(string client)
    {
        var answer = await shared.Alice.GetAsync("/authorize?" + Ask.Query("https-app", ("client_id", client)));

        await answer.ShouldBePageAsync("OST1011");
    }

    [Fact, Trait("Spec", "RFC 6749 §4.1.2.1")]
    public async Task A28_refuses_a_disabled_client()
    {
        await Server.AddClientAsync(
            """{"client_id":"off","type":"web","redirect_uris":["https://rp.test/cb"],"disabled":true}""",
            TestServer.WebSecret
        );

        var answer = await shared.Alice.GetAsync("/authorize?" + Ask.Query("https-app", ("client_id", "off")));

        await answer.ShouldBePageAsync("OST1014");
    }

    [Theory, Trait("Spec", "RFC 6749 §4.1.2.1")]
    [InlineData("scope", "no such scope")] // A29
    [InlineData("prompt", "none")]
    [InlineData("response_type", "token")]
    [InlineData("response_mode", "fragment")]
    [InlineData("code_challenge", null)]
    [InlineData("+state", "two")]
    public async Task A29_another_mistake_beside_the_wrong_address_is_still_a_page(string name, string? value)
    {
        var answer = await shared.Alice.GetAsync("/authorize?" + Ask.Query("https-app", ("redirect_uri", "https://evil.test/cb"), (name, value)));

        await answer.ShouldBePageAsync("OST1012");
    }

    [Fact, Trait("Spec", "RFC 9700 §4.7")]
    public async Task A58_a_sign_in_of_another_browser_goes_nowhere()
    {
        using var attacker = Server.NewBrowser();
        var start = await attacker.GetAsync("/authorize?" + Ask.Query("web"));
        Assert.Equal(HttpStatusCode.SeeOther, start.StatusCode);
        var flow = start.Headers.Location!.Query;

        await (await shared.Alice.GetAsync("/authorize/continue" + flow)).ShouldBePageAsync("OST1071");
        await (await shared.Alice.GetAsync("/login" + flow)).ShouldBePageAsync("OST1071");
        await (await shared.Alice.GetAsync("/consent" + flow)).ShouldBePageAsync("OST1071");
        await (await shared.Alice.GetAsync("/authorize/continue?flow=AAAAAAAAAAAAAAAAAAAAAA")).ShouldBePageAsync("OST1070");
        await (await shared.Alice.GetAsync("/authorize/continue")).ShouldBePageAsync("OST1070");
    }

    [Fact]
    public async Task A68_the_words_of_a_request_are_not_rendered()
    {
        var answer = await shared.Alice.GetAsync(
            "/authorize?client_id=%3Cscript%3Eevil&error=evil&error_description=evil&error_hint=evil&redirect_uri=https%3A%2F%2Fevil.test"
        );

        await answer.ShouldBePageAsync("OST1011");
    }
}
