using System.Net;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Authorize;

/// <summary>Strangers cannot fill the store with requests that nobody signs in for.</summary>
[Trait("Spec", "RFC 6585 §4")]
public sealed class WaitingRequestsTests
{
    [Fact]
    public async Task A_network_begins_three_hundred_sign_ins_and_then_five_a_second()
    {
        await using var server = await TestServer.StartAsync(with: options => options with { TrustedProxies = ["127.0.0.1"] });
        for (var i = 0; i < 300; i++)
            await BeginsAsync(server, $"192.0.2.{i % 250}", HttpStatusCode.SeeOther);

        var refused = await BeginsAsync(server, "192.0.2.7", HttpStatusCode.TooManyRequests);

        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter!.Delta);
        Assert.True(await server.RefusedWithAsync(Reason.TooManyRequests));
        await BeginsAsync(server, "198.51.100.1", HttpStatusCode.SeeOther);
        server.Time.Advance(TimeSpan.FromMilliseconds(200));
        await BeginsAsync(server, "192.0.2.7", HttpStatusCode.SeeOther);
        await BeginsAsync(server, "192.0.2.7", HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task Who_is_signed_in_is_not_concerned()
    {
        await using var server = await TestServer.StartAsync(with: options => options with { TrustedProxies = ["127.0.0.1"] });
        using var alice = server.NewBrowser();
        Browser.QueryOf(await alice.AuthorizeAsync(Ask.Query("web")));
        for (var i = 0; i < 300; i++)
            await BeginsAsync(server, "192.0.2.7", HttpStatusCode.SeeOther);
        await BeginsAsync(server, "192.0.2.7", HttpStatusCode.TooManyRequests);

        Assert.NotNull(Browser.QueryOf(await alice.AuthorizeAsync(Ask.Query("web")))["code"]);
        // This machine itself stands for no network: a proxy on it may hide everybody.
        using var other = server.NewBrowser();
        for (var i = 0; i < 301; i++)
            Assert.Equal(HttpStatusCode.SeeOther, (await other.GetAsync($"{server.Issuer}/authorize?{Ask.Query("web")}")).StatusCode);
    }

    private static async Task<HttpResponseMessage> BeginsAsync(TestServer server, string from, HttpStatusCode expected)
    {
        using var http = server.NewHttp();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{server.Issuer}/authorize?{Ask.Query("web")}");
        request.Headers.Add("X-Forwarded-For", from);
        request.Headers.Add("X-Forwarded-Proto", "https");
        var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(expected, answer.StatusCode);
        return answer;
    }
}
