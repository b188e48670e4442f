using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Hosting;

/// <summary>Two issuers by path on one host, with the same people, passwords, clients and secrets: only the issuer tells them apart.</summary>
public sealed class TwoIssuers : IAsyncLifetime
{
    public TestServer Red { get; private set; } = null!;
    public TestServer Blue { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Red = await TestServer.StartAsync("/red", o => o with { MoreIssuers = [o.Listen[0] + "/blue"] });
        Blue = await Red.SeedAsync(1);
    }

    public ValueTask DisposeAsync() => Red.DisposeAsync();
}

public sealed class CrossIssuerTests(TwoIssuers two) : IClassFixture<TwoIssuers>
{
    private const string Verifier = "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact, Trait("Spec", "RFC 9700 §4.4")]
    public async Task A44_a_code_of_one_issuer_is_none_at_another_and_stays_good_at_its_own()
    {
        using var browser = two.Red.NewBrowser();
        using var red = new TokenClient(two.Red, "web");
        using var blue = new TokenClient(two.Blue, "web");
        var sent = Browser.QueryOf(await browser.AuthorizeAsync(Query("web", "openid")));

        var mixed = await RedeemAsync(blue, sent["code"]!);
        var own = await RedeemAsync(red, sent["code"]!);

        mixed.ShouldBeRefused("invalid_grant", mixed.Code!);
        Assert.Equal(HttpStatusCode.OK, own.Status);
        Assert.Equal(two.Red.Issuer, sent["iss"]);
        Assert.Equal(two.Red.Issuer, IssuerOf(own["id_token"]!));
        Assert.StartsWith(two.Blue.Issuer + "/errors/", mixed["error_uri"], StringComparison.Ordinal);
    }

    [Fact, Trait("Spec", "RFC 6749 §6")]
    public async Task A_refresh_token_of_one_issuer_is_none_at_another()
    {
        using var browser = two.Red.NewBrowser();
        using var red = new TokenClient(two.Red, "web");
        using var blue = new TokenClient(two.Blue, "web");
        var tokens = await red.SignInAsync(browser, "openid offline_access");

        var mixed = await blue.RefreshAsync(tokens["refresh_token"]!);

        mixed.ShouldBeRefused("invalid_grant", mixed.Code!);
        Assert.Equal(HttpStatusCode.OK, (await red.RefreshAsync(tokens["refresh_token"]!)).Status);
    }

    [Theory, Trait("Spec", "RFC 9068 §4")]
    [InlineData("jwt")]
    [InlineData("opaque")]
    public async Task N10_an_access_token_of_one_issuer_is_none_at_another(string format)
    {
        using var browser = two.Red.NewBrowser();
        using var red = new TokenClient(two.Red, "web");
        using var blue = new TokenClient(two.Blue, "web");
        using var apiOfRed = new TokenClient(two.Red, "rs");
        using var apiOfBlue = new TokenClient(two.Blue, "rs");
        await SetFormatAsync(two.Red, format);
        await SetFormatAsync(two.Blue, format);
        var forUser = (await red.SignInAsync(browser, "openid"))["access_token"]!;
        var forApi = (await red.SignInAsync(browser, "openid read"))["access_token"]!;

        var user = await blue.UserInfoAsync(forUser);
        var mixed = await apiOfBlue.PostAsync("/introspect", ("token", forApi));
        var revoked = await blue.PostAsync("/revoke", ("token", forApi));
        var own = await apiOfRed.PostAsync("/introspect", ("token", forApi));

        Assert.Equal(HttpStatusCode.Unauthorized, user.Status);
        Assert.Equal("""{"active":false}""", mixed.Json.GetRawText());
        Assert.Equal(HttpStatusCode.OK, revoked.Status);
        Assert.True(own.Json.GetProperty("active").GetBoolean());
        Assert.Equal(HttpStatusCode.OK, (await red.UserInfoAsync(forUser)).Status);
    }

    [Fact, Trait("Spec", "OIDC Core §3.1.2.1")]
    public async Task A_session_at_one_issuer_is_none_at_another_even_when_its_cookies_are_renamed()
    {
        using var browser = two.Red.NewBrowser();
        await browser.AuthorizeAsync(Query("web", "openid"));
        var own = await browser.GetAsync($"{two.Red.Issuer}/authorize?{Query("web", "openid")}&prompt=none");

        var mixed = await browser.GetAsync($"{two.Blue.Issuer}/authorize?{Query("web", "openid")}&prompt=none");
        var renamed = await SendRenamedAsync();

        Assert.NotNull(Browser.QueryOf(own)["code"]);
        Assert.Equal(("login_required", two.Blue.Issuer), (Browser.QueryOf(mixed)["error"], Browser.QueryOf(mixed)["iss"]));
        Assert.Equal("login_required", Browser.QueryOf(renamed)["error"]);
    }

    [Fact, Trait("Spec", "OIDC Core §3.1.2.4")]
    public async Task People_sign_in_and_consent_at_each_issuer_and_stay_signed_in_at_both()
    {
        using var browser = two.Red.NewBrowser();
        await browser.AuthorizeAsync(Query("spa", "openid read"));
        var page = await browser.GetAsync($"{two.Blue.Issuer}/authorize?{Query("spa", "openid read")}");
        var login = await browser.GetAsync(page.Headers.Location!.OriginalString);
        var next = await browser.FillAsync(login, "alice", TestServer.Password, "");
        while (next!.StatusCode is HttpStatusCode.SeeOther or HttpStatusCode.Found)
            next = await browser.GetAsync(next.Headers.Location!.OriginalString);
        var silent = await browser.GetAsync($"{two.Red.Issuer}/authorize?{Query("web", "openid")}&prompt=none");

        Assert.StartsWith(two.Blue.Issuer + "/consent", next.RequestMessage!.RequestUri!.OriginalString, StringComparison.Ordinal);
        Assert.NotNull(Browser.QueryOf(silent)["code"]);
    }

    [Fact, Trait("Spec", "RFC 6749 §10.12")]
    public async Task A_form_of_one_issuer_is_none_at_another()
    {
        using var browser = two.Red.NewBrowser();
        var begun = await browser.GetAsync($"{two.Red.Issuer}/authorize?{Query("web", "openid")}");
        var page = await browser.GetAsync(begun.Headers.Location!.OriginalString);
        var csrf = Browser.Field(await page.Content.ReadAsStringAsync(Stop), "csrf")!;
        var there = begun.Headers.Location.OriginalString.Replace("/red/", "/blue/", StringComparison.Ordinal);

        var answer = await browser.PostAsync(there, ("csrf", csrf), ("username", "alice"), ("password", TestServer.Password));

        Assert.NotEqual(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.DoesNotContain(answer.Headers, h => h.Key == "Set-Cookie" && h.Value.Any(v => v.Contains("session", StringComparison.Ordinal)));
    }

    [Fact, Trait("Spec", "RFC 9126 §4")]
    public async Task A_request_that_was_pushed_to_one_issuer_is_unknown_at_another()
    {
        using var red = new TokenClient(two.Red, "web");
        using var browser = two.Blue.NewBrowser();
        var pushed = await red.PostAsync("/par", ("response_type", "code"), ("redirect_uri", TestServer.Callback), ("scope", "openid"));

        var answer = await browser.GetAsync($"{two.Blue.Issuer}/authorize?client_id=web&request_uri={Uri.EscapeDataString(pushed["request_uri"]!)}");

        Assert.Equal(HttpStatusCode.Created, pushed.Status);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact, Trait("Spec", "RP-Initiated Logout §4")]
    public async Task A_hint_of_one_issuer_signs_nobody_out_at_another()
    {
        using var browser = two.Red.NewBrowser();
        using var red = new TokenClient(two.Red, "web");
        var hint = (await red.SignInAsync(browser))["id_token"]!;

        var answer = await browser.GetAsync(
            $"{two.Blue.Issuer}/end_session?id_token_hint={hint}&post_logout_redirect_uri={Uri.EscapeDataString(TestServer.Callback + "/out")}"
        );
        var silent = await browser.GetAsync($"{two.Red.Issuer}/authorize?{Query("web", "openid")}&prompt=none");

        Assert.Null(answer.Headers.Location);
        Assert.NotNull(Browser.QueryOf(silent)["code"]);
    }

    [Fact, Trait("Spec", "RFC 7523 §3")]
    public async Task An_administrator_of_one_issuer_is_nobody_at_another()
    {
        await two.Red.AddClientAsync("""{"client_id":"robot","type":"service","scope":"ostiary:admin"}""", TestServer.WebSecret);
        await two.Blue.AddClientAsync("""{"client_id":"robot","type":"service","scope":"ostiary:admin"}""", TestServer.WebSecret);
        using var robot = new TokenClient(two.Red, "robot");
        var token = (await robot.TokenAsync(("grant_type", "client_credentials"), ("scope", "ostiary:admin")))["access_token"]!;

        Assert.Equal(HttpStatusCode.OK, await AdministerAsync(two.Red.Issuer, token));
        Assert.Equal(HttpStatusCode.Unauthorized, await AdministerAsync(two.Blue.Issuer, token));
    }

    [Fact]
    public async Task What_happens_at_one_issuer_is_in_its_own_log_alone()
    {
        using var red = new TokenClient(two.Red, "m2m", "wrong");
        var before = (await EventsAsync(two.Red), await EventsAsync(two.Blue));

        await red.TokenAsync(("grant_type", "client_credentials"));

        Assert.Equal((before.Item1 + 1, before.Item2), (await EventsAsync(two.Red), await EventsAsync(two.Blue)));
    }

    [Fact]
    public void No_two_issuers_have_a_key_in_common()
    {
        var red = two.Red.House.Keys.List().Select(k => k.Kid);

        Assert.Empty(red.Intersect(two.Blue.House.Keys.List().Select(k => k.Kid)));
        Assert.NotEqual(two.Red.House.Endpoints.Issuer.Master.Fingerprint, two.Blue.House.Endpoints.Issuer.Master.Fingerprint);
    }

    private async Task<HttpResponseMessage> SendRenamedAsync()
    {
        using var http = two.Red.NewHttp();
        var mine = $"{two.Red.Issuer}/authorize?{Query("web", "openid")}";
        var begun = await http.GetAsync(mine, Stop);
        var browserOfRed = CookiesOf(begun).Single();
        using var show = new HttpRequestMessage(HttpMethod.Get, begun.Headers.Location);
        show.Headers.Add("Cookie", browserOfRed);
        var page = await http.SendAsync(show, Stop);
        var csrf = Browser.Field(await page.Content.ReadAsStringAsync(Stop), "csrf")!;
        using var submit = new HttpRequestMessage(HttpMethod.Post, page.RequestMessage!.RequestUri);
        submit.Headers.Add("Cookie", browserOfRed);
        submit.Content = new FormUrlEncodedContent([new("csrf", csrf), new("username", "alice"), new("password", TestServer.Password)]);
        var session = CookiesOf(await http.SendAsync(submit, Stop)).Single(c => c.Contains("session", StringComparison.Ordinal));
        var begunAtBlue = await http.GetAsync($"{two.Blue.Issuer}/authorize?{Query("web", "openid")}", Stop);
        var nameAtBlue = CookiesOf(begunAtBlue).Single().Split('=')[0].Replace("browser", "session", StringComparison.Ordinal);
        Assert.NotEqual(nameAtBlue, session.Split('=')[0]);
        using var mixed = new HttpRequestMessage(HttpMethod.Get, $"{two.Blue.Issuer}/authorize?{Query("web", "openid")}&prompt=none");
        mixed.Headers.Add("Cookie", $"{session}; {nameAtBlue}={session.Split('=', 2)[1]}");
        return await http.SendAsync(mixed, Stop);
    }

    private async Task<HttpStatusCode> AdministerAsync(string issuer, string token)
    {
        using var http = two.Red.NewHttp();
        using var request = new HttpRequestMessage(HttpMethod.Get, issuer + Ostiary.Server.Admin.AdminService.BasePath + "/clients");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return (await http.SendAsync(request, Stop)).StatusCode;
    }

    private static IEnumerable<string> CookiesOf(HttpResponseMessage answer) => answer.Headers.GetValues("Set-Cookie").Select(c => c.Split(';')[0]);

    private static async Task<int> EventsAsync(TestServer server) => (await server.House.Log.Reader.ListAsync(new() { Limit = 1000 }, Stop)).Count;

    private static async Task SetFormatAsync(TestServer server, string format) =>
        await server.AdministerAsync("PATCH", "/apis/https%3A%2F%2Fapi.example", $$"""{"token_format":"{{format}}"}""");

    private static Task<Answer> RedeemAsync(TokenClient client, string code) =>
        client.TokenAsync(("grant_type", "authorization_code"), ("code", code), ("redirect_uri", TestServer.Callback), ("code_verifier", Verifier));

    private static string Query(string client, string scope) =>
        $"client_id={client}&response_type=code&redirect_uri={Uri.EscapeDataString(TestServer.Callback)}&scope={Uri.EscapeDataString(scope)}&state=s&code_challenge={Ostiary.Protocol.Pkce.ChallengeOf(Verifier)}&code_challenge_method=S256";

    private static string IssuerOf(string token)
    {
        using var claims = JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(token.Split('.')[1]));
        return claims.RootElement.GetProperty("iss").GetString()!;
    }
}
