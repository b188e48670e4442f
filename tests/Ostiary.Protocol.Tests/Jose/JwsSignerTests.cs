using System.Text;
using System.Text.Json;
using Ostiary.Protocol.Jose;

namespace Ostiary.Protocol.Tests.Jose;

public sealed class JwsSignerTests
{
    public static TheoryData<string> SigningAlgorithms =>
        ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "HS256", "HS384", "HS512"];

    [Theory]
    [MemberData(nameof(SigningAlgorithms))]
    [Trait("Spec", "RFC 7515 §7.1")]
    public void What_is_signed_verifies_with_the_public_key(string alg)
    {
        var key = Keys.Of(alg);
        using var signer = JwsSigner.Create(key, alg);
        var verifier = key.IsSymmetric ? key : key.ToPublic();

        foreach (var length in new[] { 2, 3, 4, 500, 5000 })
        {
            var payload = Encoding.ASCII.GetBytes(new string('x', length));
            var token = signer.Sign("at+jwt", payload);

            Assert.True(Jws.TryVerify(token, verifier, Keys.Policy(alg, "at+jwt"), out var jws, out var fault), fault.ToString());
            Assert.Equal(payload, jws.Payload.ToArray());
            Assert.Equal(alg, jws.Algorithm);
            Assert.Equal(key.Kid, jws.KeyId);
        }
    }

    [Fact]
    [Trait("Spec", "RFC 7515 §7.1")]
    public void The_header_has_a_fixed_order_and_no_needless_escapes()
    {
        using var signer = JwsSigner.Create(Keys.Of("ES256"), "ES256");

        Assert.Equal("""{"alg":"ES256","typ":"at+jwt","kid":"k-ES256"}""", Keys.HeaderOf(signer.Sign("at+jwt", "{}"u8)));
        Assert.Equal("""{"alg":"ES256","kid":"k-ES256"}""", Keys.HeaderOf(signer.Sign("", "{}"u8)));
    }

    [Fact]
    [Trait("Spec", "RFC 9449 §4.2")]
    public void An_embedded_key_is_public_and_replaces_the_identifier()
    {
        var key = Keys.Of("ES256");
        using var signer = JwsSigner.CreateWithEmbeddedKey(key, "ES256");

        using var header = JsonDocument.Parse(Keys.HeaderOf(signer.Sign("dpop+jwt", "{}"u8)));

        Assert.False(header.RootElement.TryGetProperty("kid", out _));
        Assert.True(JsonWebKey.TryParse(header.RootElement.GetProperty("jwk"), out var shown, out _));
        Assert.False(shown.HasPrivate);
        Assert.Equal(key.Thumbprint(), shown.Thumbprint());
    }

    [Fact]
    public async Task One_signer_serves_many_callers_at_once()
    {
        foreach (var alg in new[] { "ES256", "RS256", "HS256" })
        {
            var key = Keys.Of(alg);
            using var signer = JwsSigner.Create(key, alg);
            var verifier = key.IsSymmetric ? key : key.ToPublic();
            await Parallel.ForAsync(
                0,
                200,
                TestContext.Current.CancellationToken,
                (i, _) =>
                {
                    var token = signer.Sign("t" + (i % 40), Encoding.ASCII.GetBytes($$"""{"n":{{i}}}"""));
                    Assert.True(Jws.TryVerify(token, verifier, Keys.Policy(alg, JwsPolicy.AnyType), out var jws, out JoseFault _));
                    Assert.Equal($$"""{"n":{{i}}}""", Encoding.ASCII.GetString(jws.Payload.Span));
                    return ValueTask.CompletedTask;
                }
            );
        }
    }

    [Fact]
    public void A_key_that_does_not_fit_is_refused_when_the_signer_is_made()
    {
        Assert.Throws<ArgumentException>(() => JwsSigner.Create(Keys.Of("ES256"), "ES384"));
        Assert.Throws<ArgumentException>(() => JwsSigner.Create(Keys.Of("ES256").ToPublic(), "ES256"));
        Assert.Throws<ArgumentException>(() => JwsSigner.Create(JsonWebKey.Generate("ECDH-ES", "k", "enc"), "ES256"));
        Assert.Throws<ArgumentException>(() => JsonWebKey.Generate("ES256", "k", "enc"));
        Assert.Throws<ArgumentException>(() => JsonWebKey.Generate("EdDSA", "k"));
        Assert.Throws<ArgumentException>(() => JwsSigner.Create(Keys.Of("ES256"), "none"));
        Assert.Throws<ArgumentException>(() => JwsSigner.CreateWithEmbeddedKey(Keys.Of("HS256"), "HS256"));
    }
}
