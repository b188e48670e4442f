using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Authorize;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Authorize;

/// <summary>Strangers do not push without end, and what they push fills nothing.</summary>
public sealed class PushRateTests
{
    [Fact, Trait("Spec", "RFC 6585 §4")]
    public async Task G11_of_public_clients_the_network_is_counted_and_no_request_leaves_a_row()
    {
        await using var server = await TestServer.StartAsync(with: options => options with { TrustedProxies = ["127.0.0.1"] });
        for (var i = 0; i < PushRate.Burst; i++)
            Assert.Equal(HttpStatusCode.Created, (await PushAsync(server, $"192.0.2.{i % 250}")).Status);

        var refused = await PushAsync(server, "192.0.2.7");

        refused.ShouldBeRefused("temporarily_unavailable", Refusal.CodeOf(Reason.TooManyRequests), HttpStatusCode.TooManyRequests);
        Assert.NotNull(refused.Response.Headers.RetryAfter);
        Assert.True(await server.RefusedWithAsync(Reason.TooManyRequests));
        Assert.Equal(HttpStatusCode.Created, (await PushAsync(server, "198.51.100.1")).Status);
        // A client that authenticates is told from the strangers beside it.
        Assert.Equal(HttpStatusCode.Created, (await PushAsync(server, "192.0.2.7", TestServer.WebSecret)).Status);
        server.Time.Advance(PushRate.Interval);
        Assert.Equal(HttpStatusCode.Created, (await PushAsync(server, "192.0.2.7")).Status);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await PushAsync(server, "192.0.2.7")).Status);
        Assert.Empty((await server.AdministerAsync("GET", "/grants")).GetProperty("items").EnumerateArray());
    }

    private static async Task<Answer> PushAsync(TestServer server, string from, string? secret = null)
    {
        using var client = new TokenClient(server, "spa", secret: null);
        using var request = new HttpRequestMessage(HttpMethod.Post, server.House.Url.At("/par"))
        {
            Content = new FormUrlEncodedContent([
                new("client_id", secret is null ? "spa" : "web"),
                new("response_type", "code"),
                new("redirect_uri", TestServer.Callback),
                new("scope", "openid"),
                new("code_challenge", Pkce.ChallengeOf(SharedServer.Verifier)),
                new("code_challenge_method", "S256"),
            ]),
        };
        if (secret is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("web:" + secret)));
        request.Headers.Add("X-Forwarded-For", from);
        request.Headers.Add("X-Forwarded-Proto", "https");
        return await client.SendAsync(request);
    }
}
