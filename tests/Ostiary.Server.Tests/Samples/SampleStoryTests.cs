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
