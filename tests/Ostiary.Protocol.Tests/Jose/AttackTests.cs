using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Ostiary.Protocol.Jose;

namespace Ostiary.Protocol.Tests.Jose;

/// <summary>Known attacks on signature checks, numbered as in the project's catalogue of attacks.</summary>
public sealed class AttackTests
{
    private const string Payload = """{"iss":"https://as.test","sub":"alice"}""";

    private static readonly JsonWebKey EcKeyPair = Keys.Of("ES256");
    private static readonly JsonWebKey RsaKeyPair = Keys.Of("RS256");

    // csharpier-ignore
    [Theory]
    [InlineData("""{"alg":"none"}""", JoseFault.AlgorithmNotAllowed)]
    [InlineData("""{"alg":"None"}""", JoseFault.AlgorithmNotAllowed)]
    [InlineData("""{"alg":"nOnE"}""", JoseFault.AlgorithmNotAllowed)]
    [InlineData("""{"alg":"NONE"}""", JoseFault.AlgorithmNotAllowed)]
    [InlineData("""{"alg":"es256"}""", JoseFault.AlgorithmNotAllowed)]
    [InlineData("""{"alg":" ES256"}""", JoseFault.AlgorithmNotAllowed)]
    [InlineData("""{"alg":"ES256\u0000"}""", JoseFault.AlgorithmNotAllowed)]
    [InlineData("""{"alg":""}""", JoseFault.AlgorithmNotAllowed)]
    [InlineData("""{"typ":"JWT"}""", JoseFault.AlgorithmMissing)]
    [InlineData("""{"ALG":"ES256"}""", JoseFault.AlgorithmMissing)]
    [InlineData("""{"alg":null}""", JoseFault.HeaderMalformed)]
    [InlineData("""{"alg":["ES256"]}""", JoseFault.HeaderMalformed)]
    [InlineData("""{"alg":0}""", JoseFault.HeaderMalformed)]
    [Trait("Spec", "RFC 8725 §3.1")]
    public void E01_refuses_alg_none_in_every_spelling(string header, JoseFault expected)
    {
        var input = Keys.Encode(header) + "." + Keys.Encode(Payload);
        var careless = new JwsPolicy { Algorithms = [.. JwsPolicy.AllAlgorithms, "none", "NONE", ""], Types = [JwsPolicy.AnyType] };

        Assert.Equal(expected, Keys.Refusal(input + ".", EcKeyPair));
        Assert.Equal(expected, Keys.Refusal(input + ".", EcKeyPair, careless));
        Assert.Equal(expected, Keys.Refusal(Keys.Forge(header, Payload, EcKeyPair, "ES256"), EcKeyPair, careless));
    }

    [Fact]
    [Trait("Spec", "RFC 8725 §3.1")]
    public void E02_refuses_hs256_keyed_with_the_public_key()
    {
        var rsa = RsaKeyPair.Rsa!.Cipher;
        var pkcs1 = rsa.ExportRSAPublicKeyPem();
        var spki = rsa.ExportSubjectPublicKeyInfoPem();
        var modulus = rsa.ExportParameters(false).Modulus!;
        byte[][] secrets =
        [
            Encoding.ASCII.GetBytes(pkcs1),
            Encoding.ASCII.GetBytes(pkcs1 + "\n"),
            Encoding.ASCII.GetBytes(" " + pkcs1),
            Encoding.ASCII.GetBytes(spki),
            Encoding.ASCII.GetBytes(spki + "\n"),
            Encoding.ASCII.GetBytes(" " + spki),
            rsa.ExportRSAPublicKey(),
            rsa.ExportSubjectPublicKeyInfo(),
            RsaKeyPair.ToPublicUtf8(),
            modulus,
            Encoding.ASCII.GetBytes(Base64UrlText.Encode(modulus)),
            [],
        ];
        foreach (var secret in secrets)
            RefusesMac(secret, RsaKeyPair);
    }

    [Fact]
    [Trait("Spec", "RFC 8725 §3.1")]
    public void E03_refuses_hs256_keyed_with_a_point()
    {
        var point = EcKeyPair.Ec!;
        byte[][] secrets =
        [
            point.X,
            [.. point.X, .. point.Y],
            [4, .. point.X, .. point.Y],
            point.Signature.ExportSubjectPublicKeyInfo(),
            EcKeyPair.ToPublicUtf8(),
        ];
        foreach (var secret in secrets)
            RefusesMac(secret, EcKeyPair);
        var (_, edwards) = JwsMutationTests.Valid("EdDSA");
        RefusesMac(edwards.EdPoint.ToArray(), edwards);
    }

    [Fact]
    [Trait("Spec", "RFC 7518 §3.4")]
    public void E04_refuses_signatures_of_zero_and_of_the_order()
    {
        foreach (var alg in new[] { "ES256", "ES384", "ES512" })
        {
            var key = Keys.Of(alg);
            var half = key.Ec!.Curve.FieldLength;
            var order = Convert.FromHexString(key.Ec.Curve.Order);
            var input = Keys.Encode($$"""{"alg":"{{alg}}"}""") + "." + Keys.Encode(Payload);
            var good = Keys.RawSignature(key, alg, Encoding.ASCII.GetBytes(input));
            var (r, s) = (good[..half], good[half..]);
            byte[][] signatures =
            [
                new byte[2 * half],
                [.. new byte[half], .. s],
                [.. r, .. new byte[half]],
                [.. order, .. s],
                [.. r, .. order],
                [.. order, .. order],
                [],
                good[..^1],
                [.. good, 0],
                [0, .. good],
                good[1..],
                key.Ec.Signature.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence),
                [.. Enumerable.Repeat((byte)0xFF, 2 * half)],
                [.. s, .. r],
            ];
            Assert.True(Jws.TryVerify(input + "." + Base64UrlText.Encode(good), key, Keys.Any, out _, out JoseFault _));
            foreach (var signature in signatures)
                Assert.Equal(JoseFault.SignatureInvalid, Keys.Refusal(input + "." + Base64UrlText.Encode(signature), key));
        }
    }

    [Fact]
    [Trait("Spec", "RFC 7518 §3.4")]
    public void E05_refuses_an_algorithm_of_another_curve()
    {
        string[] algorithms = ["ES256", "ES384", "ES512"];
        foreach (var named in algorithms)
        {
            foreach (var owned in algorithms.Where(alg => alg != named))
            {
                var token = Keys.Forge($$"""{"alg":"{{named}}"}""", Payload, Keys.Of(owned), owned);
                Assert.Equal(JoseFault.AlgorithmDoesNotFitKey, Keys.Refusal(token, Keys.Of(owned)));
            }
        }
        Assert.Equal(JoseFault.AlgorithmNotAllowed, Keys.Refusal(Keys.Forge("""{"alg":"ES256K"}""", Payload, EcKeyPair, "ES256"), EcKeyPair));
    }

    [Fact]
    [Trait("Spec", "RFC 8725 §3.1")]
    public void E07_never_takes_a_key_from_the_header()
    {
        var attacker = JsonWebKey.Generate("ES256", "k-ES256");
        var jwk = Encoding.UTF8.GetString(attacker.ToPublicUtf8());
        var token = Keys.Forge($$"""{"alg":"ES256","kid":"k-ES256","jwk":{{jwk}}}""", Payload, attacker, "ES256");

        Assert.Equal(JoseFault.SignatureInvalid, Keys.Refusal(token, EcKeyPair));
        Assert.Equal(JoseFault.SignatureInvalid, Keys.Refusal(token, new JsonWebKeySet([EcKeyPair])));
        Assert.Equal(JoseFault.KeyNotFound, Keys.Refusal(token, JsonWebKeySet.Empty));
    }

    [Theory]
    [InlineData("jku", "\"https://evil.test/jwks\"")]
    [InlineData("x5u", "\"https://evil.test/cert\"")]
    [InlineData("x5c", "[\"MIIB\"]")]
    [InlineData("x5t", "\"AAAA\"")]
    [InlineData("jku", "\"file:///etc/passwd\"")]
    public void E08_never_follows_an_address_in_the_header(string member, string value)
    {
        var attacker = JsonWebKey.Generate("ES256", "k-ES256");
        var token = Keys.Forge($$"""{"alg":"ES256","{{member}}":{{value}}}""", Payload, attacker, "ES256");

        Assert.Equal(JoseFault.SignatureInvalid, Keys.Refusal(token, new JsonWebKeySet([EcKeyPair])));
    }

    // csharpier-ignore
    [Theory]
    [InlineData("\"../../../dev/null\"", JoseFault.KeyNotFound)]
    [InlineData("\"' OR 1=1--\"", JoseFault.KeyNotFound)]
    [InlineData("\"k-ES256\\u0000\"", JoseFault.KeyNotFound)]
    [InlineData("\"K-ES256\"", JoseFault.KeyNotFound)]
    [InlineData("\"\"", JoseFault.KeyNotFound)]
    [InlineData("1", JoseFault.HeaderMalformed)]
    [InlineData("null", JoseFault.HeaderMalformed)]
    [InlineData("[\"k-ES256\"]", JoseFault.HeaderMalformed)]
    public void E09_treats_the_key_identifier_as_an_opaque_name(string kid, JoseFault expected)
    {
        var token = Keys.Forge($$"""{"alg":"ES256","kid":{{kid}}}""", Payload, EcKeyPair, "ES256");

        Assert.Equal(expected, Keys.Refusal(token, new JsonWebKeySet([EcKeyPair])));
    }

    [Fact]
    public void E09_refuses_huge_identifiers_and_picks_by_kind_among_twins()
    {
        var huge = Keys.Forge($$"""{"alg":"ES256","kid":"{{new string('k', 1_000_000)}}"}""", Payload, EcKeyPair, "ES256");
        Assert.Equal(JoseFault.TooLarge, Keys.Refusal(huge, new JsonWebKeySet([EcKeyPair])));
        Assert.Equal(JoseFault.HeaderMalformed, Keys.Refusal(huge, new JsonWebKeySet([EcKeyPair]), Keys.Any with { MaxLength = int.MaxValue }));

        var twins = new JsonWebKeySet([RsaKeyPair.WithKid("same"), EcKeyPair.WithKid("same")]);
        Assert.True(
            Jws.TryVerify(Keys.Forge("""{"alg":"ES256","kid":"same"}""", Payload, EcKeyPair, "ES256"), twins, Keys.Any, out var jws, out JoseFault _)
        );
        Assert.Equal("EC", jws.Key.Kty);
    }

    [Fact]
    public void E10_ten_thousand_unknown_identifiers_cost_little()
    {
        var set = new JsonWebKeySet([EcKeyPair, RsaKeyPair]);
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < 10_000; i++)
            Assert.Equal(JoseFault.KeyNotFound, Keys.Refusal(Keys.Encode($$"""{"alg":"ES256","kid":"{{i}}"}""") + ".e30.AA", set));

        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void E11_without_an_identifier_a_bounded_number_of_keys_is_tried()
    {
        var token = Keys.Forge("""{"alg":"ES256"}""", Payload, EcKeyPair, "ES256");
        var others = Enumerable.Range(0, 8).Select(i => JsonWebKey.Generate("ES256", "other" + i)).ToList();
        var trying = Keys.Any with { AllowMissingKid = true };

        Assert.True(Jws.TryVerify(token, new JsonWebKeySet([RsaKeyPair, EcKeyPair]), Keys.Any, out _, out JoseFault _));
        Assert.Equal(JoseFault.KidMissing, Keys.Refusal(token, new JsonWebKeySet([others[0], EcKeyPair])));
        Assert.True(Jws.TryVerify(token, new JsonWebKeySet([others[0], EcKeyPair]), trying, out var jws, out JoseFault _));
        Assert.Equal("k-ES256", jws.Key.Kid);
        Assert.Equal(JoseFault.SignatureInvalid, Keys.Refusal(token, new JsonWebKeySet(others), trying));
        Assert.Equal(JoseFault.KidMissing, Keys.Refusal(token, new JsonWebKeySet([.. others, EcKeyPair]), trying));
        Assert.Equal(JoseFault.KeyNotFound, Keys.Refusal(token, new JsonWebKeySet([RsaKeyPair]), trying));
    }

    [Theory]
    [InlineData("[\"bork\"]")]
    [InlineData("[]")]
    [InlineData("[\"alg\"]")]
    [InlineData("[1]")]
    [InlineData("\"x\"")]
    [InlineData("[\"exp\"],\"exp\":1")]
    [InlineData("null")]
    [Trait("Spec", "RFC 7515 §4.1.11")]
    public void E12_refuses_every_critical_extension(string crit)
    {
        var token = Keys.Forge($$"""{"alg":"ES256","bork":1,"crit":{{crit}}}""", Payload, EcKeyPair, "ES256");

        Assert.Equal(JoseFault.CritUnsupported, Keys.Refusal(token, EcKeyPair));
    }

    [Theory]
    [InlineData("""{"alg":"ES256","b64":false}""", JoseFault.UnencodedPayloadUnsupported)]
    [InlineData("""{"alg":"ES256","b64":true}""", JoseFault.UnencodedPayloadUnsupported)]
    [InlineData("""{"alg":"ES256","b64":false,"crit":["b64"]}""", JoseFault.CritUnsupported)]
    [Trait("Spec", "RFC 7797 §6")]
    public void E13_refuses_unencoded_payloads(string header, JoseFault expected)
    {
        Assert.Equal(expected, Keys.Refusal(Keys.Forge(header, Payload, EcKeyPair, "ES256"), EcKeyPair));
        var input = Keys.Encode(header) + "." + Payload;
        var signature = Keys.RawSignature(EcKeyPair, "ES256", Encoding.ASCII.GetBytes(input));
        Keys.Refusal(input + "." + Base64UrlText.Encode(signature), EcKeyPair);
    }

    private static void RefusesMac(byte[] secret, JsonWebKey key)
    {
        foreach (var kid in new[] { key.Kid, null })
        {
            var header = kid is null ? """{"alg":"HS256"}""" : $$"""{"alg":"HS256","kid":"{{kid}}"}""";
            var input = Keys.Encode(header) + "." + Keys.Encode(Payload);
            var token = input + "." + Base64UrlText.Encode(HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(input)));
            Assert.Equal(JoseFault.AlgorithmDoesNotFitKey, Keys.Refusal(token, key));
            Keys.Refusal(token, new JsonWebKeySet([key]));
            Assert.Equal(JoseFault.AlgorithmNotAllowed, Keys.Refusal(token, key, Keys.Policy("ES256", "")));
        }
    }
}
