using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Ostiary.AspNetCore.Api;
using Ostiary.AspNetCore.Bff;
using Ostiary.Protocol;
using Ostiary.Samples.Api;
using Ostiary.Samples.Web;

namespace Ostiary.AspNetCore.Tests.Samples;

public sealed class SampleTests
{
    /// <summary>A clock of the issuer that agrees with the samples, which run on real time.</summary>
    private static ManualTime RealTime()
    {
        var clock = new ManualTime();
        clock.Advance(TimeProvider.System.GetUtcNow() - clock.GetUtcNow());
        return clock;
    }

    [Fact]
    public async Task The_sample_api_keeps_notes_per_person_and_asks_for_scopes()
    {
        await using var issuer = await TestIssuer.StartAsync(RealTime());
        var checks = new List<ApiCheck>();
        await using var api = SampleApi.Build(
            new SampleApiOptions
            {
                Url = "http://127.0.0.1:0",
                Issuer = issuer.Url,
                Audience = TestIssuer.Audience,
            },
            checks.Add
        );
        var url = await TestServer.StartAsync(api);
        using var alice = Client(url, issuer.AccessToken(scope: "notes:read notes:write"));
        using var bob = Client(url, issuer.AccessToken(c => c["sub"] = "bob", scope: "notes:read"));
        using var content = new StringContent("""{"text":"milk"}""", Encoding.UTF8, "application/json");
        using var added = await alice.PostAsync("/notes", content, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Created, added.StatusCode);
        Assert.Equal("""[{"text":"milk"}]""", await alice.GetStringAsync("/notes", TestContext.Current.CancellationToken));
        Assert.Equal("[]", await bob.GetStringAsync("/notes", TestContext.Current.CancellationToken));
        using var second = new StringContent("""{"text":"x"}""", Encoding.UTF8, "application/json");
        using var refused = await bob.PostAsync("/notes", second, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Equal(
            """{"sub":"bob","client_id":"web","scope":"notes:read"}""",
            await bob.GetStringAsync("/whoami", TestContext.Current.CancellationToken)
        );
        Assert.Equal(5, checks.Count);
    }

    [Fact]
    public async Task The_sample_app_signs_in_shows_notes_and_signs_out()
    {
        await using var issuer = await TestIssuer.StartAsync(RealTime());
        await using var api = SampleApi.Build(
            new SampleApiOptions
            {
                Url = "http://127.0.0.1:0",
                Issuer = issuer.Url,
                Audience = TestIssuer.Audience,
            }
        );
        var apiUrl = await TestServer.StartAsync(api);
        var url = $"http://127.0.0.1:{TestServer.FreePort()}";
        var hops = new List<BffHop>();
        await using var web = SampleWeb.Build(
            new SampleWebOptions
            {
                Url = url,
                Issuer = issuer.Url,
                ClientId = "web",
                ApiUrl = apiUrl,
                Resource = TestIssuer.Audience,
            },
            hops.Add
        );
        await TestServer.StartAsync(web);
        var nonce = "";
        issuer.Issue = _ => Task.FromResult((200, Tokens(issuer, nonce)));
        using var browser = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(url) };

        using var home = await browser.GetAsync("/", TestContext.Current.CancellationToken);
        Assert.Contains("You are not signed in", await home.TextAsync());
        var policy = home.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Equal($"default-src 'none'; style-src 'self'; form-action 'self' {issuer.Url}; frame-ancestors 'none'; base-uri 'none'", policy);

        using var start = await browser.GetAsync("/signin", TestContext.Current.CancellationToken);
        Assert.Null(FormParameters.TryParse(Encoding.ASCII.GetBytes(start.Headers.Location!.Query.TrimStart('?')), out var request));
        nonce = request["nonce"]!;
        using var callback = await browser.GetAsync(
            $"/signin/callback?code=c&state={request["state"]}&iss={Uri.EscapeDataString(issuer.Url)}",
            TestContext.Current.CancellationToken
        );
        Assert.Equal("/", callback.Headers.Location!.OriginalString);

        using var form = new FormUrlEncodedContent([new("text", "<b>\"milk\"</b>")]);
        using var add = new HttpRequestMessage(HttpMethod.Post, "/notes") { Content = form };
        add.Headers.Add("Sec-Fetch-Site", "same-origin");
        using var added = await browser.SendAsync(add, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.SeeOther, added.StatusCode);
        var page = await browser.GetStringAsync("/", TestContext.Current.CancellationToken);
        Assert.Contains("<h1>Notes of Alice &lt;A&gt;</h1>", page);
        Assert.Contains("<li>&lt;b&gt;&quot;milk&quot;&lt;/b&gt;</li>", page);

        using var signOut = new HttpRequestMessage(HttpMethod.Post, "/signout");
        signOut.Headers.Add("X-Bff", "1");
        using var signedOut = await browser.SendAsync(signOut, TestContext.Current.CancellationToken);
        Assert.StartsWith(issuer.Url + "/end_session?", signedOut.Headers.Location!.OriginalString);
        Assert.Contains("You are not signed in", await browser.GetStringAsync("/", TestContext.Current.CancellationToken));
        Assert.Contains(hops, hop => hop.Name == "api call" && hop.Status == 201);
    }

    private static string Tokens(TestIssuer issuer, string nonce) =>
        new JsonObject
        {
            ["access_token"] = issuer.AccessToken(scope: "notes:read notes:write"),
            ["token_type"] = "Bearer",
            ["expires_in"] = 300,
            ["id_token"] = TestIssuer.Sign(issuer.IdTokenClaims("web", nonce), "JWT", issuer.IdTokenKey),
        }.ToJsonString();

    private static HttpClient Client(string url, string token)
    {
        var client = new HttpClient { BaseAddress = new Uri(url) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }
}
