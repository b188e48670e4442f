using System.Net;
using Ostiary.Protocol;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Authorize;

/// <summary>PAR: what a client pushes, what a browser brings, and what comes of it when it is brought again.</summary>
public sealed class PushedRequestTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string Prefix = "urn:ietf:params:oauth:request_uri:";
    private TestServer Server => shared.Server;

    private static (string, string)[] Request(params (string Name, string? Value)[] changes) =>
        Ask.Changed(
            [
                ("response_type", "code"),
                ("redirect_uri", TestServer.Callback),
                ("scope", "openid"),
                ("state", "the state"),
                ("nonce", "n-1"),
                ("code_challenge", Pkce.ChallengeOf(SharedServer.Verifier)),
                ("code_challenge_method", "S256"),
            ],
            changes
        );

    private async Task<string> PushAsync(TokenClient? client = null, params (string Name, string? Value)[] changes)
    {
        var answer = await (client ?? shared.Web).PostAsync("/par", Request(changes));
        Assert.Equal(HttpStatusCode.Created, answer.Status);
        return answer["request_uri"]!;
    }

    private static string Query(string uri, string client = "web", string more = "") =>
        $"client_id={client}&request_uri={Uri.EscapeDataString(uri)}{more}";

    [Fact, Trait("Spec", "RFC 9126 §2"), Trait("Spec", "RFC 9126 §2.2"), Trait("Spec", "RFC 9126 §4"), Trait("Spec", "RFC 9126 §7.1")]
    public async Task A_pushed_request_is_answered_with_a_code_and_tells_the_browser_nothing()
    {
        var answer = await shared.Web.PostAsync("/par", Request(("login_hint", "canary@example.test")));

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.Equal("60", answer["expires_in"]);
        Assert.Contains("no-store", answer.Response.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        var uri = answer["request_uri"]!;
        Assert.StartsWith(Prefix, uri, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", Forge.Text(uri), StringComparison.Ordinal); // G10
        var redirect = await shared.Alice.AuthorizeAsync(Query(uri));
        var query = Browser.QueryOf(redirect);
        Assert.Equal("the state", query["state"]);
        Assert.Equal(answer.Response.Headers.GetValues("Ostiary-Flow"), redirect.Headers.GetValues("Ostiary-Flow"));
        var tokens = await shared.Web.TokenAsync(SharedServer.Redemption(query["code"]!));
        Assert.Equal(HttpStatusCode.OK, tokens.Status);
    }

    [Fact, Trait("Spec", "RFC 9126 §4")]
    public async Task G01_it_is_used_up_when_it_is_answered_and_not_when_it_is_seen()
    {
        var uri = await PushAsync();
        using var first = Server.NewBrowser();
        using var second = Server.NewBrowser();

        // The page may be loaded again, elsewhere too.
        for (var i = 0; i < 2; i++)
            Assert.Contains("/login", (await first.GetAsync($"/authorize?{Query(uri)}")).Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.Contains("/login", (await second.GetAsync($"/authorize?{Query(uri)}")).Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.NotNull(Browser.QueryOf(await first.AuthorizeAsync(Query(uri)))["code"]);
        await (await first.AuthorizeAsync(Query(uri))).ShouldBePageAsync("OST1066");
        await (await second.AuthorizeAsync(Query(uri), "bob")).ShouldBePageAsync("OST1066");
    }

    [Fact, Trait("Spec", "RFC 9126 §4")]
    public async Task G01_of_ten_at_one_instant_one_gets_a_code()
    {
        var uri = await PushAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => shared.Alice.GetAsync($"/authorize?{Query(uri)}")));

        Assert.Single(answers, a => a.Headers.Location is not null);
    }

    [Fact, Trait("Spec", "RFC 9126 §4")]
    public async Task G02_G03_another_clients_and_made_up_ones_are_refused_with_a_page()
    {
        var uri = await PushAsync();

        await (await shared.Alice.AuthorizeAsync(Query(uri, "web2"))).ShouldBePageAsync("OST1064");
        foreach (
            var forged in new[]
            {
                Prefix,
                Prefix + "x",
                Prefix + new string('A', 200),
                uri + "A",
                uri[..^2],
                uri[..^1] + (uri[^1] == 'A' ? 'B' : 'A'),
            }
        )
            await (await shared.Alice.AuthorizeAsync(Query(forged))).ShouldBePageAsync("OST1063");
    }

    [Fact, Trait("Spec", "RFC 9126 §2.2")]
    public async Task G04_it_expires()
    {
        await using var server = await TestServer.StartAsync();
        using var web = new TokenClient(server, "web");
        using var browser = server.NewBrowser();
        var uri = (await web.PostAsync("/par", Request()))["request_uri"]!;

        server.Time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(HttpStatusCode.SeeOther, (await browser.GetAsync($"/authorize?{Query(uri)}")).StatusCode);
        server.Time.Advance(TimeSpan.FromSeconds(1));
        await (await browser.GetAsync($"/authorize?{Query(uri)}")).ShouldBePageAsync("OST1065");
    }

    [Fact, Trait("Spec", "RFC 9126 §5")]
    public async Task G05_who_must_push_may_not_do_without()
    {
        await Server.AddClientAsync(
            """{"client_id":"pusher","type":"web","redirect_uris":["CB"],"consent":"none","require_pushed_authorization_requests":true}""",
            TestServer.WebSecret
        );
        using var pusher = new TokenClient(Server, "pusher");

        (await shared.Alice.AuthorizeAsync(Ask.Query("pusher"))).ShouldRedirectWith(Server, "invalid_request", "OST1067");
        Assert.NotNull(Browser.QueryOf(await shared.Alice.AuthorizeAsync(Query(await PushAsync(pusher), "pusher")))["code"]);
    }

    [Theory, Trait("Spec", "RFC 9126 §2.1"), Trait("Spec", "RFC 9126 §2.3")]
    [InlineData("request_uri", "urn:ietf:params:oauth:request_uri:x", "invalid_request", "OST2060")] // G06
    [InlineData("redirect_uri", "https://evil.test/cb", "invalid_request", "OST1012")] // G09
    [InlineData("redirect_uri", null, "invalid_request", "OST1013")]
    [InlineData("response_type", "token", "unsupported_response_type", "OST1022")]
    [InlineData("response_type", null, "invalid_request", "OST1020")]
    [InlineData("code_challenge_method", "plain", "invalid_request", "OST1031")]
    [InlineData("scope", "nonsense", "invalid_scope", "OST1041")]
    [InlineData("prompt", "none login", "invalid_request", "OST1050")]
    [InlineData("id_token_hint", "x.y.z", "invalid_request", "OST1057")]
    [InlineData("+state", "again", "invalid_request", "OST1003")]
    [InlineData("request", "eyJhbGciOiJub25lIn0.e30.", "request_not_supported", "OST1058")] // G21
    public async Task G06_G09_a_request_is_judged_when_it_is_pushed(string name, string? value, string error, string code) =>
        (await shared.Web.PostAsync("/par", Request((name, value)))).ShouldBeRefused(error, code);

    [Fact, Trait("Spec", "RFC 9126 §2.3")]
    public async Task A_request_that_would_not_fit_a_url_and_one_in_the_url_are_refused()
    {
        var large = Request(("ui_locales", new string('x', 5000)));

        (await shared.Web.PostAsync("/par", large)).ShouldBeRefused("invalid_request", "OST2061", HttpStatusCode.RequestEntityTooLarge);
        (await shared.Web.PostAsync("/par?state=x", Request())).ShouldBeRefused("invalid_request", "OST2002");
        (await shared.Web.PostAsync("/par", Request(("login_hint", new string('x', 70_000))))).ShouldBeRefused(
            "invalid_request",
            "OST1002",
            HttpStatusCode.RequestEntityTooLarge
        );
        // What still fits does.
        var uri = await PushAsync(changes: ("ui_locales", new string('x', 3500)));
        Assert.NotNull(Browser.QueryOf(await shared.Alice.AuthorizeAsync(Query(uri)))["code"]);
    }

    [Fact, Trait("Spec", "RFC 9126 §4")]
    public async Task G07_what_stands_beside_the_reference_counts_for_nothing()
    {
        var uri = await PushAsync();
        const string beside = "&redirect_uri=https%3A%2F%2Fevil.test&response_type=token&scope=offline_access&state=evil&nonce=evil&prompt=none";

        var redirect = await shared.Alice.AuthorizeAsync(Query(uri, more: beside));

        Assert.StartsWith(TestServer.Callback + "?", redirect.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.Equal("the state", Browser.QueryOf(redirect)["state"]);
    }

    [Fact, Trait("Spec", "RFC 9126 §2")]
    public async Task G08_a_client_that_authenticates_elsewhere_does_so_here()
    {
        using var stranger = new TokenClient(Server, "web", "wrong");
        using var silent = new TokenClient(Server, "web", secret: null);

        (await stranger.PostAsync("/par", Request())).ShouldBeRefused("invalid_client", "OST3008", HttpStatusCode.Unauthorized);
        (await silent.PostAsync("/par", Request())).ShouldBeRefused("invalid_client", "OST3001", HttpStatusCode.Unauthorized);
        // A public client names itself.
        Assert.StartsWith(Prefix, await PushAsync(shared.Spa), StringComparison.Ordinal);
        using var request = new HttpRequestMessage(HttpMethod.Put, Server.Issuer + "/par");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await shared.Web.SendAsync(request)).Status);
    }

    [Fact, Trait("Spec", "RFC 9126 §4")]
    public async Task G12_what_changed_since_counts()
    {
        await using var server = await TestServer.StartAsync();
        using var web = new TokenClient(server, "web");
        using var browser = server.NewBrowser();
        var uri = (await web.PostAsync("/par", Request()))["request_uri"]!;

        await server.AddClientAsync("""{"client_id":"web","type":"web","redirect_uris":["https://rp.test/cb"]}""", TestServer.WebSecret);
        await (await browser.GetAsync($"/authorize?{Query(uri)}")).ShouldBePageAsync("OST1012");
        await server.AddClientAsync("""{"client_id":"web","type":"web","redirect_uris":["CB"],"disabled":true}""", TestServer.WebSecret);
        await (await browser.GetAsync($"/authorize?{Query(uri)}")).ShouldBePageAsync("OST1014");
    }

    [Fact, Trait("Spec", "RFC 9126 §4")]
    public async Task A_declined_request_is_used_up_too()
    {
        await Server.AddClientAsync("""{"client_id":"asks","type":"web","redirect_uris":["CB"],"consent":"required"}""", TestServer.WebSecret);
        using var asks = new TokenClient(Server, "asks");
        var uri = await PushAsync(asks);

        Assert.Equal("access_denied", Browser.QueryOf(await shared.Alice.AuthorizeAsync(Query(uri, "asks"), decision: "deny"))["error"]);
        await (await shared.Alice.AuthorizeAsync(Query(uri, "asks"))).ShouldBePageAsync("OST1066");
    }
}
