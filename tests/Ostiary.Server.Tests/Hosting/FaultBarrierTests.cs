using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Hosting;
using Ostiary.Server.Stores;
using Ostiary.Server.Stores.Memory;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Hosting;

/// <summary>A bug or a dead storage is an answer without any detail, and never a success.</summary>
public sealed class FaultBarrierTests(SharedServer shared) : IClassFixture<SharedServer>
{
    [Theory]
    [InlineData(Reason.StorageUnavailable, "2")]
    [InlineData(Reason.StorageFull, "2")]
    [InlineData(Reason.LogUnavailable, "2")]
    public async Task A_storage_that_fails_is_unavailable_and_says_when_to_come_back(Reason reason, string retryAfter)
    {
        var (http, body) = await RunAsync(_ => throw new StoreException(reason, "secret detail"));

        Assert.Equal((503, retryAfter), (http.Response.StatusCode, http.Response.Headers.RetryAfter.ToString()));
        Assert.Contains(Refusal.CodeOf(reason), body, StringComparison.Ordinal);
        Assert.DoesNotContain("secret detail", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bug_says_nothing_and_leaves_nothing_of_what_was_begun()
    {
        var (http, body) = await RunAsync(http =>
        {
            http.Response.Headers.Location = "https://evil.test";
            http.Response.Headers.SetCookie = "session=evil";
            throw new InvalidOperationException("secret detail");
        });

        Assert.Equal(503, http.Response.StatusCode);
        Assert.Contains("OST5099", body, StringComparison.Ordinal);
        Assert.DoesNotContain("secret detail", body, StringComparison.Ordinal);
        Assert.False(http.Response.Headers.ContainsKey("Location") || http.Response.Headers.ContainsKey("Set-Cookie"));
        Assert.Equal("no-store", http.Response.Headers.CacheControl.ToString());
        Assert.StartsWith("flow_", http.Response.Headers["Ostiary-Flow"].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_peer_that_has_gone_is_no_fault()
    {
        var (http, body) = await RunAsync(_ => throw new IOException("reset"), gone: true);

        Assert.Equal((200, ""), (http.Response.StatusCode, body));
    }

    [Fact, Trait("Spec", "RFC 7009 §2.2")]
    public async Task D20_and_J12_a_revocation_that_was_not_kept_is_no_success()
    {
        FailingStores? failing = null;
        await using var server = await TestServer.StartAsync(wrap: stores => failing = new FailingStores(stores));
        using var robot = new TokenClient(server, "m2m");
        var token = (await robot.TokenAsync(("grant_type", "client_credentials")))["access_token"]!;

        failing!.Fails = true;
        var refused = await robot.PostAsync("/revoke", ("token", token));
        failing.Fails = false;

        refused.ShouldBeRefused("temporarily_unavailable", "OST5001", HttpStatusCode.ServiceUnavailable);
        Assert.NotNull(refused.Response.Headers.RetryAfter);
        Assert.Equal("True", (await robot.PostAsync("/introspect", ("token", token)))["active"]);
        Assert.Equal(HttpStatusCode.OK, (await robot.PostAsync("/revoke", ("token", token))).Status);
        Assert.Equal("False", (await robot.PostAsync("/introspect", ("token", token)))["active"]);
    }

    [Fact]
    public async Task A_person_sees_a_page_when_the_storage_is_away_and_is_sent_nowhere()
    {
        FailingStores? failing = null;
        await using var server = await TestServer.StartAsync(wrap: stores => failing = new FailingStores(stores));
        using var browser = server.NewBrowser();
        Browser.QueryOf(await browser.AuthorizeAsync(Ask.Query("web")));

        failing!.Fails = true;
        var answer = await browser.GetAsync("/authorize?" + Ask.Query("web"));
        failing.Fails = false;

        await answer.ShouldBePageAsync("OST5001", HttpStatusCode.ServiceUnavailable);
        Assert.NotNull(Browser.QueryOf(await browser.GetAsync("/authorize?" + Ask.Query("web")))["code"]);
    }

    private async Task<(HttpContext Http, string Body)> RunAsync(RequestDelegate next, bool gone = false)
    {
        var body = new MemoryStream();
        var http = new DefaultHttpContext { RequestAborted = new CancellationToken(gone) };
        http.Response.Body = body;
        await new FaultBarrier(shared.Server.Server.Issuer, shared.Server.Server.Endpoints.Health, NullLogger.Instance).InvokeAsync(http, next);
        return (http, Encoding.UTF8.GetString(body.ToArray()));
    }
}
