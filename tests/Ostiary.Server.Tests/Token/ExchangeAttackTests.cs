using System.Net;
using System.Text;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Tests.Harness;
using Ostiary.Server.Tests.Hosting;

namespace Ostiary.Server.Tests.Token;

/// <summary>Subject tokens that are somebody else's: bound to another key, of another issuer, of nobody.</summary>
public sealed class ExchangeAttackTests(TwoIssuers two) : IClassFixture<TwoIssuers>, IAsyncLifetime
{
    private const string Exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    private const string AccessType = "urn:ietf:params:oauth:token-type:access_token";
    private const string IdType = "urn:ietf:params:oauth:token-type:id_token";

    public async ValueTask InitializeAsync()
    {
        foreach (var server in new[] { two.Red, two.Blue })
            await server.AddClientAsync(
                $$"""{"client_id":"service","type":"service","scope":"read","grant_types":["client_credentials","{{Exchange}}"],"token_exchange":[{"from":["web"],"audiences":["https://api.example"],"scope":"read"}]}""",
                TestServer.WebSecret
            );
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static async Task<string> AliceAsync(TestServer server, Prover? prover = null)
    {
        using var browser = server.NewBrowser();
        using var web = new TokenClient(server, "web") { Prover = prover };
        var tokens = await web.SignInAsync(browser, "openid read");
        Assert.Equal(HttpStatusCode.OK, tokens.Status);
        return tokens["access_token"]!;
    }

    private static async Task<Answer> ExchangeAsync(TestServer server, string token, Prover? prover = null)
    {
        using var service = new TokenClient(server, "service") { Prover = prover };
        return await ExchangeAsync(service, token, AccessType);
    }

    private static Task<Answer> ExchangeAsync(TokenClient client, string token, string type, params (string Name, string Value)[] more) =>
        client.TokenAsync([
            ("grant_type", Exchange),
            ("subject_token", token),
            ("subject_token_type", type),
            ("audience", "https://api.example"),
            .. more,
        ]);

    private async Task<TokenClient> WebAppAsync(string id, string more)
    {
        await two.Red.AddClientAsync(
            $$"""{"client_id":"{{id}}","type":"web","redirect_uris":["CB"],"consent":"none","scope":"openid read","grant_types":["authorization_code","{{Exchange}}"],"token_exchange":[{"from":["{{id}}"],"audiences":["https://api.example"],"scope":"read"}],{{more}}}""",
            TestServer.WebSecret
        );
        return new(two.Red, id);
    }

    [Fact, Trait("Spec", "RFC 8693 §5"), Trait("Spec", "RFC 9449 §5")]
    public async Task F19_a_bound_token_is_exchanged_by_its_holder_alone_and_stays_bound()
    {
        var prover = new Prover(two.Red.House.Url, () => two.Red.Time.Now);
        var token = await AliceAsync(two.Red, prover);

        (await ExchangeAsync(two.Red, token)).ShouldBeRefused("invalid_grant", Refusal.CodeOf(Reason.SenderKeyDiffers));
        (await ExchangeAsync(two.Red, token, new(two.Red.House.Url, () => two.Red.Time.Now))).ShouldBeRefused("invalid_grant", "OST2113");
        var given = await ExchangeAsync(two.Red, token, prover);

        Assert.Equal((HttpStatusCode.OK, "DPoP"), (given.Status, given["token_type"]));
        Assert.Contains($"\"jkt\":\"{prover.Thumbprint}\"", Forge.Part(given["access_token"]!, 1), StringComparison.Ordinal);
    }

    [Fact, Trait("Spec", "RFC 8693 §5"), Trait("Spec", "RFC 9449 §5")]
    public async Task F19_what_is_exchanged_with_a_proof_is_bound_to_the_service()
    {
        var prover = new Prover(two.Red.House.Url, () => two.Red.Time.Now);

        var given = await ExchangeAsync(two.Red, await AliceAsync(two.Red), prover);

        Assert.Equal("DPoP", given["token_type"]);
        Assert.Contains($"\"jkt\":\"{prover.Thumbprint}\"", Forge.Part(given["access_token"]!, 1), StringComparison.Ordinal);
    }

    [Fact, Trait("Spec", "RFC 8693 §2.2.2")]
    public async Task I04_a_token_of_another_issuer_on_the_same_server_is_refused()
    {
        var token = await AliceAsync(two.Red);

        (await ExchangeAsync(two.Blue, token)).ShouldBeRefused("invalid_request", Refusal.CodeOf(Reason.SubjectTokenInvalid));
        Assert.Equal(HttpStatusCode.OK, (await ExchangeAsync(two.Red, token)).Status);
    }

    [Fact, Trait("Spec", "RFC 8693 §2.2.2")]
    public async Task I04_the_same_claims_signed_by_others_are_refused()
    {
        var token = await AliceAsync(two.Red);
        var (header, claims) = (Forge.Part(token, 0), Forge.Part(token, 1));
        using var kid = System.Text.Json.JsonDocument.Parse(header);
        var stranger = JsonWebKey.Generate("ES256", kid.RootElement.GetProperty("kid").GetString()!);
        var code = Refusal.CodeOf(Reason.SubjectTokenInvalid);

        var unsigned = Forge.Jwt("""{"alg":"none","typ":"at+jwt"}""", claims, _ => []);
        foreach (var forged in new[] { Forge.Signed(stranger, "ES256", "at+jwt", claims), unsigned, Foreign(claims) })
            (await ExchangeAsync(two.Red, forged)).ShouldBeRefused("invalid_request", code);
    }

    [Fact, Trait("Spec", "RFC 8693 §5")]
    public async Task I13_an_ID_token_that_the_client_could_have_written_itself_is_refused()
    {
        using var app = await WebAppAsync("hmac", "\"id_token_signed_response_alg\":\"HS256\"");
        using var browser = two.Red.NewBrowser();
        var honest = (await app.SignInAsync(browser, "openid read"))["id_token"]!;
        var bobs = Forge.Part(honest, 1).Replace("usr_alice", "usr_bob", StringComparison.Ordinal);
        var jwk = $$"""{"kty":"oct","k":"{{Forge.Text(TestServer.WebSecret)}}"}""";
        Assert.True(JsonWebKey.TryParse((ReadOnlyMemory<byte>)Encoding.ASCII.GetBytes(jwk), out var secret, out _));
        var forged = Forge.Signed(secret, "HS256", "JWT", bobs);
        Assert.Contains("usr_bob", Forge.Part(forged, 1), StringComparison.Ordinal);

        foreach (var token in new[] { forged, honest })
            (await ExchangeAsync(app, token, IdType)).ShouldBeRefused("invalid_request", Refusal.CodeOf(Reason.SubjectTokenInvalid));
    }

    [Fact, Trait("Spec", "RFC 8693 §4.4")]
    public async Task I07_an_ID_token_is_no_way_around_may_act()
    {
        using var app = await WebAppAsync("bidden", "\"may_act\":\"service\"");
        using var browser = two.Red.NewBrowser();
        var tokens = await app.SignInAsync(browser, "openid read");
        var code = Refusal.CodeOf(Reason.ActorNotPermitted);

        (await ExchangeAsync(app, tokens["access_token"]!, AccessType)).ShouldBeRefused("invalid_request", code);
        (await ExchangeAsync(app, tokens["id_token"]!, IdType)).ShouldBeRefused("invalid_request", code);
    }

    [Fact, Trait("Spec", "RFC 8693 §4.4")]
    public async Task I07_nobody_becomes_another_actor_by_exchanging_the_own_token_of_that_one()
    {
        await two.Red.AddClientAsync(
            $$"""{"client_id":"climber","type":"service","scope":"read","grant_types":["client_credentials","{{Exchange}}"],"token_exchange":[{"from":["guarded","service"],"audiences":["https://api.example"],"scope":"read"}]}""",
            TestServer.WebSecret
        );
        using var guarded = await WebAppAsync("guarded", "\"may_act\":\"service\"");
        using var browser = two.Red.NewBrowser();
        var alice = (await guarded.SignInAsync(browser, "openid read"))["access_token"]!;
        using var service = new TokenClient(two.Red, "service");
        using var climber = new TokenClient(two.Red, "climber");
        var own = (await service.TokenAsync(("grant_type", "client_credentials"), ("scope", "read")))["access_token"]!;
        var dressed = await ExchangeAsync(climber, own, AccessType);
        Assert.Contains("\"sub\":\"service\"", Forge.Part(dressed["access_token"]!, 1), StringComparison.Ordinal);

        var climbed = await ExchangeAsync(climber, alice, AccessType, ("actor_token", dressed["access_token"]!), ("actor_token_type", AccessType));

        climbed.ShouldBeRefused("invalid_request", Refusal.CodeOf(Reason.ActorTokenInvalid));
    }

    /// <summary>Honestly signed, by an issuer that nobody here has heard of.</summary>
    private string Foreign(string claims)
    {
        var elsewhere = claims.Replace(two.Red.Issuer, "https://id.elsewhere.example", StringComparison.Ordinal);
        using var signer = JwsSigner.Create(JsonWebKey.Generate("ES256", "elsewhere"), "ES256");
        return signer.Sign("at+jwt", Encoding.UTF8.GetBytes(elsewhere));
    }
}
