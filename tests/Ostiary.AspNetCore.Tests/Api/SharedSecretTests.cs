using System.Buffers.Text;
using System.Net;
using System.Text;
using Ostiary.AspNetCore.Api;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;

namespace Ostiary.AspNetCore.Tests.Api;

/// <summary>An API whose tokens are signed with a secret that it shares with its issuer.</summary>
public sealed class SharedSecretTests
{
    private const string Secret = "a-secret-of-this-api-alone-0123456789";
    private const string Next = "another-secret-of-this-api-0123456789";

    [Fact, Trait("Spec", "RFC 8725 §3.1"), Trait("Spec", "RFC 7518 §3.2")]
    public async Task Takes_its_own_secrets_and_asks_the_issuer_for_no_key()
    {
        await using var api = await ApiUnderTest.StartAsync(o => o.SharedSecrets = [Secret, Next]);
        foreach (var secret in (string[])[Secret, Next, Next])
        {
            using var response = await api.GetAsync(api.Issuer.AccessToken(key: KeyOf(secret)));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
        Assert.Empty(api.Issuer.Asked);
    }

    [Fact, Trait("Spec", "RFC 8725 §3.1")]
    public async Task Takes_no_other_key_and_no_other_algorithm()
    {
        await using var api = await ApiUnderTest.StartAsync(o => o.SharedSecrets = [Secret]);
        string[] refused =
        [
            api.Issuer.AccessToken(),
            api.Issuer.AccessToken(key: KeyOf(Next)),
            api.Issuer.AccessToken(key: KeyOf(Encoding.UTF8.GetString(api.Issuer.Key.ToPublicUtf8()))),
        ];
        foreach (var token in refused)
        {
            using var response = await api.GetAsync(token);
            await api.AssertRefusedAsync(Reason.BearerSignatureInvalid, response);
        }
        using var typ = await api.GetAsync(api.Issuer.AccessToken(key: KeyOf(Secret), typ: "JWT"));
        await api.AssertRefusedAsync(Reason.BearerTypeWrong, typ);
        using var audience = await api.GetAsync(api.Issuer.AccessToken(c => c["aud"] = "https://other.example", key: KeyOf(Secret)));
        await api.AssertRefusedAsync(Reason.BearerAudienceWrong, audience);
    }

    [Fact, Trait("Spec", "RFC 8725 §3.1")]
    public async Task Without_a_shared_secret_nothing_symmetric_is_taken()
    {
        await using var api = await ApiUnderTest.StartAsync();
        foreach (var key in (JsonWebKey[])[KeyOf(Secret), KeyOf(Encoding.UTF8.GetString(api.Issuer.Key.ToPublicUtf8())).WithKid("key-1")])
        {
            using var response = await api.GetAsync(api.Issuer.AccessToken(key: key));
            await api.AssertRefusedAsync(Reason.BearerSignatureInvalid, response);
        }
    }

    [Fact]
    public void Says_how_to_configure_it()
    {
        var options = new ApiOptions
        {
            Issuer = "https://id.example",
            Audience = "https://api.example",
            Algorithms = ["HS256"],
        };
        Assert.Contains("set ApiOptions.SharedSecrets", Assert.Throws<ArgumentException>(options.Validate).Message, StringComparison.Ordinal);
        options.Algorithms = ["ES256"];
        options.SharedSecrets = ["too short"];
        Assert.Contains("at least 32", Assert.Throws<ArgumentException>(options.Validate).Message, StringComparison.Ordinal);
    }

    private static JsonWebKey KeyOf(string secret)
    {
        var jwk = $$"""{"kty":"oct","alg":"HS256","k":"{{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(secret))}}"}""";
        Assert.True(JsonWebKey.TryParse((ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(jwk), out var key, out _));
        return key;
    }
}
