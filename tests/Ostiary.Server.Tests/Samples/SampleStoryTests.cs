using System.Net;
using Microsoft.AspNetCore.Builder;
using Ostiary.AspNetCore.Api;
using Ostiary.AspNetCore.Bff;
using Ostiary.Protocol.Reasons;
using Ostiary.Samples.Api;
using Ostiary.Samples.Web;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Samples;

/// <summary>The sample app and the sample API against the whole server: what an app built on the library lives through.</summary>
public sealed class SampleStoryTests : IAsyncLifetime
{
    private const string Audience = "https://notes.example";
    private readonly List<BffHop> _hops = [];
    private readonly List<ApiCheck> _checks = [];
    private TestServer _server = null!;
    private WebApplication _api = null!;
    private WebApplication _web = null!;
    private Browser _browser = null!;
    private string _url = "";

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _browser = _server.NewBrowser();
        _url = $"http://127.0.0.1:{TestServer.FreePort()}";
        var apiUrl = $"http://127.0.0.1:{TestServer.FreePort()}";
        await _server.AddApiAsync(
            """{"identifier":"https://notes.example","scopes":[{"name":"notes:read","description":"Read notes","default":true},{"name":"notes:write","description":"Write notes"}],"resource_server_clients":["notes-api"]}"""
        );
        await _server.AddClientAsync(
            $$"""{"client_id":"notes-web","type":"web","client_name":"Notes","redirect_uris":["{{_url}}/signin/callback"],"post_logout_redirect_uris":["{{_url}}/signout/callback"],"refresh_token_rotation":"always","scope":"openid profile offline_access notes:read notes:write"}""",
            TestServer.WebSecret
        );
        _api = SampleApi.Build(
            new SampleApiOptions
            {
                Url = apiUrl,
                Issuer = _server.Issuer,
                Audience = Audience,
                Introspection = new IntrospectionCredentials("notes-api", TestServer.WebSecret),
                CheckRevocation = true,
                Time = _server.Time,
            },
            _checks.Add
        );
        _web = SampleWeb.Build(
            new SampleWebOptions
            {
                Url = _url,
                Issuer = _server.Issuer,
                ClientId = "notes-web",
                ClientSecret = TestServer.WebSecret,
                ApiUrl = apiUrl,
                Resource = Audience,
                Time = _server.Time,
            },
            _hops.Add
        );
        await _api.StartAsync(TestContext.Current.CancellationToken);
        await _web.StartAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _browser.Dispose();
        await _web.DisposeAsync();
        await _api.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Somebody_signs_in_reads_notes_and_is_refreshed_without_noticing()
    {
        using var callback = await SignInAsync();
        Assert.Contains("<h1>Notes of alice Example</h1>", await HomeAsync());
        Assert.All(_hops.SelectMany(hop => hop.Rules), rule => Assert.True(rule.Passed, rule.Text));
        Assert.True(_checks[^1].Verdict.Allowed);

        _server.Time.Advance(TimeSpan.FromMinutes(15));
        Assert.Contains("<h1>Notes of alice Example</h1>", await HomeAsync());
        Assert.Contains(_hops, hop => hop.Name == "refresh" && hop.Status == 200);
        Assert.True(_checks[^1].Verdict.Allowed);
    }

    [Fact]
    public async Task A_sign_in_that_the_person_declines_is_told_as_such()
    {
        using var callback = await SignInAsync("deny");
        Assert.Equal(HttpStatusCode.BadRequest, callback.StatusCode);
        Assert.Equal(Reason.CallbackRefused, _hops[^1].Verdict!.Value.Refused);
    }

    [Fact]
    [Trait("Spec", "RFC 8693 §2.1")]
    public async Task An_API_gets_from_the_next_one_what_its_caller_may_have_there()
    {
        var (billUrl, notesUrl) = ($"http://127.0.0.1:{TestServer.FreePort()}", $"http://127.0.0.1:{TestServer.FreePort()}");
        const string Bills = "https://bills.example";
        await _server.AddApiAsync("""{"identifier":"https://bills.example","scopes":[{"name":"bills:read","description":"Read bills"}]}""");
        await _server.AdministerAsync("PATCH", "/apis/https%3A%2F%2Fnotes.example", """{"exchange_scope":"bills:read"}""");
        await _server.AddClientAsync(
            """{"client_id":"shop","type":"web","redirect_uris":["CB"],"consent":"none","scope":"openid notes:read bills:read"}""",
            TestServer.WebSecret
        );
        await _server.AddClientAsync(
            """{"client_id":"notes-api","type":"service","grant_types":["urn:ietf:params:oauth:grant-type:token-exchange"],"token_exchange":[{"from":["shop"],"audiences":["https://bills.example"],"scope":"bills:read"}]}""",
            TestServer.WebSecret
        );
        var me = new IntrospectionCredentials("notes-api", TestServer.WebSecret);
        await using var bills = SampleApi.Build(Options(billUrl, Bills));
        await using var notes = SampleApi.Build(
            Options(notesUrl, Audience) with
            {
                Next = new NextApiOptions(billUrl + "/whoami", Bills, "bills:read", me),
            }
        );
        await bills.StartAsync(TestContext.Current.CancellationToken);
        await notes.StartAsync(TestContext.Current.CancellationToken);
        using var shop = new TokenClient(_server, "shop");

        var bill = await CallAsync(notesUrl + "/bill", (await shop.SignInAsync(_browser, "openid notes:read bills:read"))["access_token"]!);
        var small = await CallAsync(notesUrl + "/bill", (await shop.SignInAsync(_browser, "openid notes:read"))["access_token"]!);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Forbidden), (bill.Status, small.Status));
        Assert.Contains("\"sub\":\"usr_alice\",\"client_id\":\"notes-api\",\"scope\":\"bills:read\"", bill.Body, StringComparison.Ordinal);
    }

    private SampleApiOptions Options(string url, string audience) =>
        new()
        {
            Url = url,
            Issuer = _server.Issuer,
            Audience = audience,
            Time = _server.Time,
        };

    private static async Task<(HttpStatusCode Status, string Body)> CallAsync(string url, string token)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        using var answer = await http.GetAsync(new Uri(url), TestContext.Current.CancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private async Task<HttpResponseMessage> SignInAsync(string decision = "allow")
    {
        using var start = await _browser.GetAsync(_url + "/signin");
        var request = start.Headers.Location!.OriginalString;
        using var back = await _browser.AuthorizeAsync(request[(request.IndexOf('?', StringComparison.Ordinal) + 1)..], decision: decision);
        return await _browser.GetAsync(back.Headers.Location!.OriginalString);
    }

    private async Task<string> HomeAsync()
    {
        using var home = await _browser.GetAsync(_url + "/");
        return await home.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }
}
