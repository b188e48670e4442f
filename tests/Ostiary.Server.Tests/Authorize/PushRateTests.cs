using System.Net;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Authorize;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Authorize;

/// <summary>Nobody pushes without end (G11). Each client answers for itself, and for public ones the network.</summary>
[Trait("Spec", "RFC 6585 §4")]
public sealed class PushRateTests
{
    // Refused after the rate was asked, before anything else is done for it.
    private static readonly (string, string)[] Malformed = [("response_type", "token")];

    [Fact]
    public async Task G11_a_client_pushes_a_thousand_requests_and_then_a_hundred_a_second()
    {
        await using var server = await TestServer.StartAsync();
        using var post = await NewClientAsync(server, "post");
        using var other = await NewClientAsync(server, "other");
        for (var i = 0; i < PushRate.ClientBurst; i += 50)
            await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => post.PostAsync("/par", Malformed)));

        var refused = await post.PostAsync("/par", Malformed);

        refused.ShouldBeRefused("temporarily_unavailable", Refusal.CodeOf(Reason.TooManyRequests), HttpStatusCode.TooManyRequests);
        Assert.NotNull(refused.Response.Headers.RetryAfter);
        (await other.PostAsync("/par", Malformed)).ShouldBeRefused("invalid_request", "OST1013");
        server.Time.Advance(PushRate.ClientInterval);
        (await post.PostAsync("/par", Malformed)).ShouldBeRefused("invalid_request", "OST1013");
        Assert.True(await server.RefusedWithAsync(Reason.TooManyRequests));
    }

    [Fact]
    public async Task G11_of_public_clients_the_network_is_counted_and_no_request_leaves_a_row()
    {
        await using var server = await TestServer.StartAsync(with: options => options with { TrustedProxies = ["127.0.0.1"] });
        for (var i = 0; i < PushRate.NetworkBurst; i++)
            Assert.Equal(HttpStatusCode.Created, await PushAsync(server, $"192.0.2.{i % 250}"));

        Assert.Equal(HttpStatusCode.TooManyRequests, await PushAsync(server, "192.0.2.7"));
        Assert.Equal(HttpStatusCode.Created, await PushAsync(server, "198.51.100.1"));
        server.Time.Advance(PushRate.NetworkInterval);
        Assert.Equal(HttpStatusCode.Created, await PushAsync(server, "192.0.2.7"));
        Assert.Empty((await server.AdministerAsync("GET", "/grants")).GetProperty("items").EnumerateArray());
    }

    /// <summary>Its secret is told once, so that no time is spent on hashing.</summary>
    private static async Task<TokenClient> NewClientAsync(TestServer server, string id)
    {
        await server.AddClientAsync($$"""{"client_id":"{{id}}","type":"web","redirect_uris":["CB"]}""", TestServer.WebSecret);
        return new(server, id);
    }

    private static async Task<HttpStatusCode> PushAsync(TestServer server, string from)
    {
        using var http = server.NewHttp();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/par")
        {
            Content = new FormUrlEncodedContent([
                new("client_id", "spa"),
                new("response_type", "code"),
                new("redirect_uri", TestServer.Callback),
                new("scope", "openid"),
                new("code_challenge", Pkce.ChallengeOf(SharedServer.Verifier)),
                new("code_challenge_method", "S256"),
            ]),
        };
        request.Headers.Add("X-Forwarded-For", from);
        request.Headers.Add("X-Forwarded-Proto", "https");
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
