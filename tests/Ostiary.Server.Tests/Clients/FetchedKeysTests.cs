using System.Net;
using System.Text;
using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Admin;
using Ostiary.Server.Clients;
using Ostiary.Server.Tests.Harness;
using Ostiary.Server.Tests.Outbound;

namespace Ostiary.Server.Tests.Clients;

/// <summary>Keys at a client's jwks_uri, secrets that sign, and when each was last used.</summary>
public sealed class FetchedKeysTests
{
    private static readonly JsonWebKey Old = JsonWebKey.Generate("ES256", "old");
    private static readonly JsonWebKey New = JsonWebKey.Generate("ES256", "new");

    private static string SetOf(params JsonWebKey[] keys) =>
        Peer.Ok(
            $$"""{"keys":[{{string.Join(',', keys.Select(k => Encoding.UTF8.GetString(k.ToPublicUtf8())))}}]}""",
            type: "application/jwk-set+json"
        );

    private static string Assertion(TestServer server, JsonWebKey key, string id = "far", params (string, string?)[] changes) =>
        Forge.Signed(key, "ES256", "JWT", Forge.AssertionClaims(server, [("iss", $"\"{id}\""), ("sub", $"\"{id}\""), .. changes]));

    private static async Task<Answer> SendAsync(TestServer server, string assertion)
    {
        using var client = new TokenClient(server, "m2m");
        using var request = new HttpRequestMessage(HttpMethod.Post, server.Issuer + "/token");
        request.Content = new StringContent(
            Ask.Encode([
                ("grant_type", "client_credentials"),
                ("client_assertion", assertion),
                ("client_assertion_type", ClientAuthentication.AssertionType),
            ]),
            Encoding.UTF8,
            "application/x-www-form-urlencoded"
        );
        return await client.SendAsync(request);
    }

    private static async Task<TestServer> StartAsync(Peer peer)
    {
        var server = await peer.StartServerAsync();
        await server.AddClientAsync(
            $$"""{"client_id":"far","type":"service","scope":"read","token_endpoint_auth_method":"private_key_jwt","jwks_uri":"https://127.0.0.1:{{peer.Port}}/keys"}"""
        );
        return server;
    }

    [Fact, Trait("Spec", "OIDC Core §10.1.1")]
    public async Task A_new_key_is_fetched_when_it_is_first_used_and_a_removed_one_is_good_for_five_minutes()
    {
        var keys = SetOf(Old);
        await using var peer = new Peer(async (stream, ct) => await stream.WriteAsync(Encoding.Latin1.GetBytes(keys), ct));
        await using var server = await StartAsync(peer);

        Assert.Equal(HttpStatusCode.OK, (await SendAsync(server, Assertion(server, Old))).Status);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(server, Assertion(server, Old))).Status);
        Assert.Equal(1, peer.Connections);

        // A flood of unknown keys is no flood of fetches.
        keys = SetOf(Old, New);
        for (var i = 0; i < 5; i++)
            (await SendAsync(server, Assertion(server, New))).ShouldBeRefused("invalid_client", "OST3012", HttpStatusCode.Unauthorized);
        Assert.Equal(1, peer.Connections);
        server.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(server, Assertion(server, New))).Status);
        Assert.Equal(2, peer.Connections);

        // C28
        keys = SetOf(New);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(server, Assertion(server, Old))).Status);
        server.Time.Advance(TimeSpan.FromMinutes(5));
        (await SendAsync(server, Assertion(server, Old))).ShouldBeRefused("invalid_client", "OST3012", HttpStatusCode.Unauthorized);
    }

    [Fact, Trait("Spec", "OIDC Core §10.1.1")]
    public async Task C29_keys_that_cannot_be_had_are_a_plain_refusal_and_one_line_in_the_log()
    {
        await using var peer = new Peer("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>");
        await using var server = await StartAsync(peer);

        for (var i = 0; i < 3; i++)
        {
            var answer = await SendAsync(server, Assertion(server, Old));
            answer.ShouldBeRefused("invalid_client", "OST3022", HttpStatusCode.Unauthorized);
            Assert.DoesNotContain("127.0.0.1:" + peer.Port, answer.Json.ToString(), StringComparison.Ordinal); // K21
            Assert.DoesNotContain("html", answer.Json.ToString(), StringComparison.Ordinal);
        }
        Assert.Equal(1, peer.Connections);
        Assert.True(await server.RefusedWithAsync(Reason.FetchContentWrong));
    }

    [Fact, Trait("Spec", "RFC 7517 §5")]
    public async Task A_set_with_a_private_key_or_without_a_usable_one_is_none()
    {
        var answer = Peer.Ok($$"""{"keys":[{{Encoding.UTF8.GetString(Old.ToPrivateUtf8())}}]}""");
        await using var peer = new Peer(async (stream, ct) => await stream.WriteAsync(Encoding.Latin1.GetBytes(answer), ct));
        await using var server = await StartAsync(peer);

        (await SendAsync(server, Assertion(server, Old))).ShouldBeRefused("invalid_client", "OST3022", HttpStatusCode.Unauthorized);
        Assert.True(await server.RefusedWithAsync(Reason.FetchUnreadable));
        foreach (var other in new[] { """{"keys":[]}""", """{"keys":[{"kty":"oct","k":"AAAA"}]}""", """{"keys":[],"keys":[]}""", "\uFEFF{}" })
        {
            answer = Peer.Ok(other);
            server.Time.Advance(TimeSpan.FromMinutes(6));
            (await SendAsync(server, Assertion(server, Old))).ShouldBeRefused("invalid_client", "OST3022", HttpStatusCode.Unauthorized);
        }
    }

    [Fact]
    public async Task C29_a_slow_host_holds_up_its_own_client_and_nobody_else()
    {
        await using var peer = new Peer((_, ct) => Task.Delay(Timeout.Infinite, ct));
        await using var server = await StartAsync(peer);
        using var robot = new TokenClient(server, "m2m");

        var held = Enumerable.Range(0, 30).Select(_ => SendAsync(server, Assertion(server, Old))).ToList();
        Assert.Equal(HttpStatusCode.OK, (await robot.TokenAsync(("grant_type", "client_credentials"))).Status);
        Assert.DoesNotContain(held, h => h.IsCompleted);

        Assert.All(await Task.WhenAll(held), a => Assert.Equal("OST3022", a.Code));
        Assert.Equal(1, peer.Connections);
    }

    [Fact, Trait("Spec", "OIDC Core §9"), Trait("Spec", "OIDC Core §10.1")]
    public async Task A_client_may_sign_with_its_secret_where_it_is_registered_so()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddClientAsync(
            """{"client_id":"mac","type":"service","scope":"read","token_endpoint_auth_method":"client_secret_jwt"}""",
            TestServer.WebSecret
        );
        string Signed(byte[] secret, string alg = "HS256") =>
            Forge.Jwt(
                $$"""{"alg":"{{alg}}","typ":"JWT"}""",
                Forge.AssertionClaims(server, ("iss", "\"mac\""), ("sub", "\"mac\"")),
                input => System.Security.Cryptography.HMACSHA256.HashData(secret, input)
            );

        Assert.Equal(HttpStatusCode.OK, (await SendAsync(server, Signed(Encoding.UTF8.GetBytes(TestServer.WebSecret)))).Status);
        foreach (var wrong in new[] { Signed([]), Signed("other"u8.ToArray()), Signed(Encoding.UTF8.GetBytes(TestServer.WebSecret), "HS512") })
            (await SendAsync(server, wrong)).ShouldBeRefused("invalid_client", "OST3012", HttpStatusCode.Unauthorized);
        // Its secret alone is none of its methods.
        using var plain = new TokenClient(server, "mac");
        (await plain.TokenAsync(("grant_type", "client_credentials"))).ShouldBeRefused("invalid_client", "OST3007", HttpStatusCode.Unauthorized);
        // And a client that shows its secret may not sign with it. C22
        (
            await SendAsync(
                server,
                Forge.Jwt(
                    """{"alg":"HS256"}""",
                    Forge.AssertionClaims(server, ("iss", "\"m2m\""), ("sub", "\"m2m\"")),
                    input => System.Security.Cryptography.HMACSHA256.HashData(Encoding.UTF8.GetBytes(TestServer.WebSecret), input)
                )
            )
        ).ShouldBeRefused("invalid_client", "OST3007", HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Two_live_secrets_show_when_each_was_last_used()
    {
        await using var server = await TestServer.StartAsync();
        using var robot = new TokenClient(server, "m2m");
        async Task<List<JsonElement>> ListAsync()
        {
            var response = await server.AdministerAsync("GET", "/clients/m2m/secrets");
            return [.. response.GetProperty("items").EnumerateArray()];
        }

        Assert.False(Assert.Single(await ListAsync()).TryGetProperty("last_used_at", out _));
        Assert.Equal(HttpStatusCode.OK, (await robot.TokenAsync(("grant_type", "client_credentials"))).Status);
        var usedAt = server.Time.Now;
        var added = await server.AdministerAsync("POST", "/clients/m2m/secrets", "{}");
        server.Time.Advance(TimeSpan.FromHours(2));
        using var renewed = new TokenClient(server, "m2m", added.GetProperty("client_secret").GetString());
        using var wrong = new TokenClient(server, "m2m", "wrong");
        Assert.Equal(HttpStatusCode.OK, (await renewed.TokenAsync(("grant_type", "client_credentials"))).Status);
        await wrong.TokenAsync(("grant_type", "client_credentials"));

        var uses = (await ListAsync()).ToDictionary(s => s.GetProperty("id").GetString()!, s => s.GetProperty("last_used_at").GetDateTimeOffset());
        Assert.Equal(usedAt, uses["s1"]);
        Assert.Equal(server.Time.Now, uses[added.GetProperty("id").GetString()!]);
    }

    [Fact]
    public async Task The_uses_survive_a_restart_and_are_written_once_an_hour()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var server = await TestServer.StartAsync();
        var documents = server.Server.Issuer.Stores.Documents;
        var now = server.Time.Now;
        var first = new CredentialUses();
        first.Note("m2m", "s1", now);
        first.Note("gone", "s1", now);
        await first.WriteAsync(documents, id => id == "m2m", now, ct);
        first.Note("m2m", "s2", now.AddMinutes(5));
        await first.WriteAsync(documents, id => id == "m2m", now.AddMinutes(59), ct);

        var second = new CredentialUses();
        await second.ReadAsync(documents, ct);
        Assert.Equal(now, second.LastOf("m2m", "s1"));
        Assert.Null(second.LastOf("m2m", "s2"));
        Assert.Null(second.LastOf("gone", "s1"));

        await first.WriteAsync(documents, id => id == "m2m", now.AddMinutes(60), ct);
        await second.ReadAsync(documents, ct);
        Assert.Equal(now.AddMinutes(5), second.LastOf("m2m", "s2"));
        // The configuration itself has not changed by it.
        var revision = server.Server.Configuration.Current.Revision;
        await server.Server.Configuration.ReloadAsync(ct);
        Assert.Equal(revision, server.Server.Configuration.Current.Revision);
    }
}
