using System.Net;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Authorize;
using Ostiary.Server.Decisions;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.DeviceAuthorization;

/// <summary>The flow of devices, used by what is no device, and used to fill the store.</summary>
public sealed class DeviceAbuseTests
{
    [Fact, Trait("Spec", "RFC 6585 §4")]
    public async Task H15_a_network_begins_as_many_as_sign_ins_and_what_nobody_answers_is_swept_away()
    {
        await using var server = await TestServer.StartAsync(with: options => options with { TrustedProxies = ["127.0.0.1"] });
        await server.AddClientAsync("""{"client_id":"tv","type":"device","scope":"openid read"}""");
        for (var i = 0; i < WaitingRequests.Burst; i++)
            Assert.Equal(HttpStatusCode.OK, (await BeginAsync(server, $"192.0.2.{i % 250}")).Status);

        var refused = await BeginAsync(server, "192.0.2.7");

        refused.ShouldBeRefused("temporarily_unavailable", Refusal.CodeOf(Reason.TooManyRequests), HttpStatusCode.TooManyRequests);
        Assert.NotNull(refused.Response.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.OK, (await BeginAsync(server, "198.51.100.1")).Status);
        // The table is bounded by what can begin within the life of a code.
        server.Time.Advance(TimeSpan.FromMinutes(11));
        var stop = TestContext.Current.CancellationToken;
        var grants = server.Server.Issuer.Stores.Grants;
        Assert.Equal(WaitingRequests.Burst + 1, await grants.SweepAsync(server.Time.Now, 1000, stop));
        Assert.Equal(0, await grants.SweepAsync(server.Time.Now, 1000, stop));
    }

    [Fact, Trait("Spec", "RFC 8628 §3.1")]
    public async Task H21_a_page_in_the_browser_that_approves_cannot_begin_the_flow()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddClientAsync("""{"client_id":"tv","type":"device","scope":"openid read"}""");
        foreach (var (id, secret) in new[] { ("spa", null), ("web", TestServer.WebSecret) })
        {
            // Only what an operator registered for it is a device.
            using var app = new TokenClient(server, id, secret);
            (await app.PostAsync("/device_authorization", ("scope", "openid"))).ShouldBeRefused("unauthorized_client", "OST2006");
        }
        using var http = server.NewHttp();
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/device_authorization");
        preflight.Headers.Add("Origin", "http://127.0.0.1:1");
        preflight.Headers.Add("Access-Control-Request-Method", "POST");
        using var asked = await http.SendAsync(preflight, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, asked.StatusCode);
        using var tv = new TokenClient(server, "tv", secret: null);
        using var simple = new HttpRequestMessage(HttpMethod.Post, server.House.Url.At("/device_authorization"));
        simple.Headers.Add("Origin", "http://127.0.0.1:1");
        simple.Content = new FormUrlEncodedContent([new("client_id", "tv"), new("scope", "openid")]);
        // What a page sends without asking first, it cannot read the answer of.
        Assert.False((await tv.SendAsync(simple)).Response.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact, Trait("Spec", "RFC 8628 §3.3")]
    public async Task H21_that_a_device_and_who_approved_it_are_in_one_place_stands_in_the_log()
    {
        var flow = new DeviceFlow();
        await flow.InitializeAsync();
        await using var disposed = flow;
        var begun = await flow.BeginAsync();
        using var alice = await flow.SignedInAsync();
        await DeviceFlow.DecideAsync(alice, begun["user_code"]!);

        var reference = Assert.Single(begun.Response.Headers.GetValues("Ostiary-Flow"));
        var events = await flow.Server.Server.Events.ListAsync(new LogFilter { Flow = reference, Limit = 50 }, TestContext.Current.CancellationToken);

        var requested = Assert.Single(events.Select(e => e.Record), r => r.Change == "requested");
        var approved = Assert.Single(events.Select(e => e.Record), r => r.Change == "approved");
        Assert.Equal(("tv", "usr_alice"), (requested.ClientId, approved.Subject));
        Assert.Equal(("127.0.0.0/24", requested.Network), (requested.Network, approved.Network));
    }

    private static async Task<Answer> BeginAsync(TestServer server, string from)
    {
        using var tv = new TokenClient(server, "tv", secret: null);
        using var request = new HttpRequestMessage(HttpMethod.Post, server.House.Url.At("/device_authorization"));
        request.Content = new FormUrlEncodedContent([new("client_id", "tv"), new("scope", "openid")]);
        request.Headers.Add("X-Forwarded-For", from);
        request.Headers.Add("X-Forwarded-Proto", "https");
        return await tv.SendAsync(request);
    }
}
