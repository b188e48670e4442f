using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Token;

public sealed class IdTokenTests(SharedServer shared) : IClassFixture<SharedServer>
{
    [Fact, Trait("Spec", "OIDC Core §2"), Trait("Spec", "OIDC Core §3.1.2.1"), Trait("Spec", "RFC 8176 §2")]
    public async Task B33_an_id_token_says_who_when_how_and_for_whom()
    {
        var answer = await shared.TokensAsync("web", ("nonce", "<&\"\u20ac>"), ("scope", "openid email profile"));

        using var claims = JsonDocument.Parse(Forge.Part(answer["id_token"]!, 1));
        var root = claims.RootElement;
        Assert.Equal((shared.Server.Issuer, "usr_alice", "web"), (Text(root, "iss"), Text(root, "sub"), Text(root, "aud")));
        Assert.Equal("<&\"\u20ac>", Text(root, "nonce"));
        Assert.Equal("urn:ostiary:acr:password", Text(root, "acr"));
        Assert.Equal("pwd", root.GetProperty("amr")[0].GetString());
        Assert.True(root.GetProperty("auth_time").GetInt64() <= root.GetProperty("iat").GetInt64());
        Assert.True(root.GetProperty("exp").GetInt64() > root.GetProperty("iat").GetInt64());
        Assert.False(root.TryGetProperty("email", out _));
        Assert.False(root.TryGetProperty("azp", out _));
    }

    [Fact, Trait("Spec", "OIDC Core §12.2")]
    public async Task An_id_token_of_a_refresh_has_the_same_sign_in_and_no_nonce()
    {
        var first = await shared.TokensAsync("spa", ("nonce", "n-1"), ("scope", "openid offline_access"));
        var second = await shared.Spa.RefreshAsync(first["refresh_token"]!);

        using var before = JsonDocument.Parse(Forge.Part(first["id_token"]!, 1));
        using var after = JsonDocument.Parse(Forge.Part(second["id_token"]!, 1));
        Assert.Equal("n-1", Text(before.RootElement, "nonce"));
        Assert.False(after.RootElement.TryGetProperty("nonce", out _));
        foreach (var same in new[] { "iss", "sub", "aud", "auth_time", "sid", "acr" })
            Assert.Equal(before.RootElement.GetProperty(same).ToString(), after.RootElement.GetProperty(same).ToString());
    }

    [Theory, Trait("Spec", "OIDC Core §3.1.3.6"), Trait("Spec", "OIDC Core §10.1")]
    [InlineData("RS256")]
    [InlineData("ES256")]
    [InlineData("PS256")]
    [InlineData("ES384")]
    [InlineData("HS256")]
    public async Task B34_and_J22_every_announced_algorithm_signs_and_hashes_alike(string algorithm)
    {
        await shared.Server.AddClientAsync(
            $$"""{"client_id":"alg-{{algorithm}}","type":"web","redirect_uris":["CB"],"consent":"none","id_token_signed_response_alg":"{{algorithm}}"}""",
            TestServer.WebSecret
        );

        var answer = await shared.TokensAsync("alg-" + algorithm);

        var bytes = Encoding.ASCII.GetBytes(answer["access_token"]!);
        var hash = algorithm == "ES384" ? SHA384.HashData(bytes) : SHA256.HashData(bytes);
        using var claims = JsonDocument.Parse(Forge.Part(answer["id_token"]!, 1));
        Assert.Equal(Base64UrlText.Encode(hash.AsSpan(0, hash.Length / 2)), Text(claims.RootElement, "at_hash"));
        Assert.Contains($"\"alg\":\"{algorithm}\"", Forge.Part(answer["id_token"]!, 0), StringComparison.Ordinal);
        // The server reads its own token back as a hint, whatever signed it.
        var hinted = await shared.Alice.GetAsync("/authorize?" + Ask.Query("web", ("id_token_hint", answer["id_token"]!), ("prompt", "none")));
        Assert.NotNull(Browser.QueryOf(hinted)["code"]);
    }

    [Fact, Trait("Spec", "OIDC Core §5.5"), Trait("Spec", "OIDC Core §5.4"), Trait("Spec", "OIDC Core §5.1")]
    public async Task E38_claims_by_name_are_those_that_the_client_may_ask_for_and_never_reserved_ones()
    {
        const string asked =
            """{"userinfo":{"email":null,"phone_number":{"essential":true},"sub":{"value":"usr_bob"},"iss":null,"nickname":null},"id_token":{"email":null,"name":null,"aud":{"value":"evil"},"exp":null,"client_id":null}}""";
        await shared.Server.AddClientAsync(
            """{"client_id":"narrow","type":"web","redirect_uris":["CB"],"consent":"none","scope":"openid email"}""",
            TestServer.WebSecret
        );

        var narrow = await shared.TokensAsync("narrow", ("claims", asked));
        var wide = await shared.TokensAsync("web", ("claims", asked));

        var seen = await shared.Web.UserInfoAsync(narrow["access_token"]!);
        Assert.Equal(("usr_alice", "alice@example.test", null, null), (seen["sub"], seen["email"], seen["phone_number"], seen["iss"]));
        Assert.NotNull((await shared.Web.UserInfoAsync(wide["access_token"]!))["phone_number"]);
        using var claims = JsonDocument.Parse(Forge.Part(narrow["id_token"]!, 1));
        Assert.Equal(("narrow", "alice@example.test"), (Text(claims.RootElement, "aud"), Text(claims.RootElement, "email")));
        Assert.False(claims.RootElement.TryGetProperty("name", out _));
        Assert.False(claims.RootElement.TryGetProperty("client_id", out _));
    }

    [Fact, Trait("Spec", "OIDC Core §5.5"), Trait("Spec", "OIDC Core §3.1.2.4")]
    public async Task A_person_is_asked_before_a_client_gets_claims_by_name()
    {
        await shared.Server.AddClientAsync(
            """{"client_id":"curious","type":"web","redirect_uris":["CB"],"consent":"remembered","scope":"openid phone"}""",
            TestServer.WebSecret
        );
        Browser.QueryOf(await shared.Alice.AuthorizeAsync(Ask.Query("curious")));
        var plain = await shared.Alice.GetAsync("/authorize?" + Ask.Query("curious", ("prompt", "none")));

        var silent = await shared.Alice.GetAsync(
            "/authorize?" + Ask.Query("curious", ("prompt", "none"), ("claims", "{\"userinfo\":{\"phone_number\":null}}"))
        );
        var asked = await shared.Alice.AuthorizeAsync(Ask.Query("curious", ("claims", "{\"userinfo\":{\"phone_number\":null}}")));
        var again = await shared.Alice.GetAsync(
            "/authorize?" + Ask.Query("curious", ("prompt", "none"), ("claims", "{\"userinfo\":{\"phone_number\":null}}"))
        );

        Assert.NotNull(Browser.QueryOf(plain)["code"]);
        silent.ShouldRedirectWith(shared.Server, "consent_required", "OST1052");
        Assert.NotNull(Browser.QueryOf(asked)["code"]);
        Assert.NotNull(Browser.QueryOf(again)["code"]);
    }

    [Fact, Trait("Spec", "OIDC Core §10.1")]
    public async Task A_client_whose_secret_is_only_a_hash_gets_no_token_signed_with_it_and_no_fault()
    {
        await shared.Server.AddClientAsync(
            """{"client_id":"hashed","type":"web","redirect_uris":["CB"],"consent":"none","id_token_signed_response_alg":"HS256"}""",
            TestServer.WebSecret
        );
        await shared.Server.ChangeAsync(set =>
        {
            var document = set.Clients["hashed"];
            return set.With(document with { Client = document.Client with { Secrets = [document.Client.Secrets[0] with { Sealed = null }] } });
        });
        using var client = new TokenClient(shared.Server, "hashed");

        var answer = await client.TokenAsync(SharedServer.Redemption(await shared.CodeAsync("hashed")));

        answer.ShouldBeRefused("temporarily_unavailable", "OST5010", System.Net.HttpStatusCode.ServiceUnavailable);
    }

    private static string? Text(JsonElement root, string name) => root.TryGetProperty(name, out var value) ? value.GetString() : null;
}
