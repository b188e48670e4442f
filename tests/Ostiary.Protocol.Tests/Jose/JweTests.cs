using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Ostiary.Protocol.Jose;

namespace Ostiary.Protocol.Tests.Jose;

public sealed class JweTests
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    private static readonly byte[] Plaintext = """{"iss":"https://as.test"}"""u8.ToArray();
    private static readonly JsonWebKey Rsa = JsonWebKey.Generate("RSA-OAEP-256", "rsa", "enc");

    private static readonly JwePolicy Any = new() { KeyAlgorithms = JwePolicy.AllKeyAlgorithms, ContentAlgorithms = JwePolicy.AllContentAlgorithms };

    public static TheoryData<string> KeyAlgorithms => [.. JwePolicy.AllKeyAlgorithms];

    [Theory]
    [MemberData(nameof(KeyAlgorithms))]
    [Trait("Spec", "RFC 7518 §5")]
    public void Decrypts_every_content_encryption(string alg)
    {
        foreach (var enc in JwePolicy.AllContentAlgorithms)
        {
            var key = KeyFor(alg, enc);
            var token = JweWriter.Write(key, alg, enc, Plaintext, """{"cty":"JWT","kid":"k","typ":"x"}""");

            Assert.True(Jwe.TryDecrypt(token, key, Any, out var jwe, out var fault), fault.ToString());
            Assert.Equal(Plaintext, jwe.Plaintext.ToArray());
            Assert.Equal((alg, enc, "k", "JWT", "x"), (jwe.Algorithm, jwe.Encryption, jwe.KeyId, jwe.ContentType, jwe.Type));
            Refuse(token, KeyFor(alg, enc, fresh: true), JoseFault.DecryptionFailed);
        }
    }

    [Theory]
    [InlineData("P-384")]
    [InlineData("P-521")]
    [Trait("Spec", "RFC 7518 §4.6")]
    public void Agrees_on_the_larger_curves(string crv)
    {
        var key = new JsonWebKey(new KeyLabels("k", null, "enc", ["deriveKey"]), EcKey.Generate(crv));
        var token = JweWriter.Write(key, "ECDH-ES+A256KW", "A256GCM", Plaintext);

        Assert.True(Jwe.TryDecrypt(token, key, Any, out _, out JoseFault _));
        Refuse(token, KeyFor("ECDH-ES+A256KW", "A256GCM"), JoseFault.DecryptionFailed);
    }

    [Theory]
    [MemberData(nameof(KeyAlgorithms))]
    public void Refuses_every_changed_character_truncation_and_extension(string alg)
    {
        foreach (var enc in new[] { "A256GCM", "A128CBC-HS256" })
        {
            var key = KeyFor(alg, enc);
            var token = JweWriter.Write(key, alg, enc, Plaintext);
            for (var i = 0; i < token.Length; i++)
            {
                var index = Alphabet.IndexOf(token[i], StringComparison.Ordinal);
                Refuse(token[..i] + (index < 0 ? 'A' : Alphabet[index ^ 1]) + token[(i + 1)..], key);
                if (i % 3 == 0)
                    Refuse(token[..i], key);
            }
            foreach (var end in new[] { ".", "A", "AAAA", "=", " ", "\n" })
                Refuse(token + end, key);
        }
    }

    [Fact]
    [Trait("Spec", "RFC 8725 §3.3")]
    public void E18_what_was_decrypted_still_needs_a_signature()
    {
        var claims = JweWriter.Write(Rsa, "RSA-OAEP-256", "A256GCM", Plaintext);
        Assert.True(Jwe.TryDecrypt(claims, Rsa, Any, out var bare, out JoseFault _));
        Assert.Equal(JoseFault.NotCompact, Keys.Refusal(Encoding.UTF8.GetString(bare.Plaintext.Span), Keys.Of("ES256")));

        var (signed, key) = JwsMutationTests.Valid("ES256");
        var nested = JweWriter.Write(Rsa, "RSA-OAEP-256", "A256GCM", Encoding.ASCII.GetBytes(signed));
        Assert.True(Jwe.TryDecrypt(nested, Rsa, Any, out var outer, out JoseFault _));
        Assert.True(Jws.TryVerify(Encoding.ASCII.GetString(outer.Plaintext.Span), key, Keys.Any, out _, out JoseFault _));
    }

    [Fact]
    [Trait("Spec", "RFC 8725 §3.6")]
    public void E14_refuses_compression_before_anything_else()
    {
        var token = JweWriter.Write(Rsa, "RSA-OAEP-256", "A256GCM", Plaintext, """{"zip":"DEF"}""");

        Refuse(token, Rsa, JoseFault.CompressionUnsupported);
    }

    [Theory]
    [InlineData("PBES2-HS256+A128KW", "\"p2c\":2147483647,\"p2s\":\"AAAAAAAAAAA\"")]
    [InlineData("RSA1_5", "\"x\":1")]
    [InlineData("none", "\"x\":1")]
    [InlineData("RSA-OAEP-512", "\"x\":1")]
    [InlineData("ES256", "\"x\":1")]
    [Trait("Spec", "RFC 8725 §3.2")]
    public void E15_E16_refuses_algorithms_that_are_not_offered(string alg, string member)
    {
        var header = Keys.Encode($$"""{"alg":"{{alg}}","enc":"A256GCM",{{member}}}""");
        var start = Stopwatch.GetTimestamp();
        Refuse(header + ".AAAA.AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA", Rsa, JoseFault.AlgorithmNotAllowed);

        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromMilliseconds(500));
    }

    [Fact]
    [Trait("Spec", "RFC 7516 §11.5")]
    public void E16_a_bad_encrypted_key_and_a_bad_tag_look_alike()
    {
        var parts = JweWriter.Write(Rsa, "RSA-OAEP-256", "A256GCM", Plaintext).Split('.');
        foreach (var length in new[] { 0, 1, 255, 256, 257 })
            Refuse(Join(parts, 1, Entropy.Bytes(length)), Rsa, JoseFault.DecryptionFailed);
        Refuse(Join(parts, 4, Entropy.Bytes(16)), Rsa, JoseFault.DecryptionFailed);
    }

    [Theory]
    [InlineData("A256GCM")]
    [InlineData("A128CBC-HS256")]
    [InlineData("A192CBC-HS384")]
    [InlineData("A256CBC-HS512")]
    [Trait("Spec", "RFC 7518 §5")]
    public void E17_refuses_short_tags_and_other_initialisation_vectors(string enc)
    {
        var key = KeyFor("dir", enc);
        var parts = JweWriter.Write(key, "dir", enc, Plaintext).Split('.');
        Assert.True(Base64UrlText.TryDecode(parts[4], out byte[]? tag));
        Assert.True(Base64UrlText.TryDecode(parts[2], out byte[]? iv));
        for (var length = 0; length < tag.Length; length++)
            Refuse(Join(parts, 4, tag[..length]), key, JoseFault.DecryptionFailed);
        Refuse(Join(parts, 4, [.. tag, 0]), key, JoseFault.DecryptionFailed);
        for (var length = 0; length < iv.Length; length++)
            Refuse(Join(parts, 2, iv[..length]), key, JoseFault.DecryptionFailed);
        Refuse(Join(parts, 2, [.. iv, 0]), key, JoseFault.DecryptionFailed);
        Refuse(Join(parts, 3, []), key, JoseFault.DecryptionFailed);
        Refuse(Join(parts, 1, [0]), key, JoseFault.DecryptionFailed);
    }

    [Theory]
    [InlineData("""{"enc":"A256GCM"}""", JoseFault.AlgorithmMissing)]
    [InlineData("""{"alg":"RSA-OAEP-256"}""", JoseFault.HeaderMalformed)]
    [InlineData("""{"alg":"RSA-OAEP-256","enc":1}""", JoseFault.HeaderMalformed)]
    [InlineData("""{"alg":"RSA-OAEP-256","enc":"A256CBC"}""", JoseFault.EncryptionNotAllowed)]
    [InlineData("""{"alg":"RSA-OAEP-256","enc":"A256GCM","crit":["exp"]}""", JoseFault.CritUnsupported)]
    [InlineData("""{"alg":"RSA-OAEP-256","enc":"A256GCM","cty":1}""", JoseFault.HeaderMalformed)]
    [InlineData("""{"alg":"RSA-OAEP-256","enc":"A256GCM","enc":"A256GCM"}""", JoseFault.HeaderMalformed)]
    [InlineData("""{"alg":"dir","enc":"A256GCM"}""", JoseFault.AlgorithmDoesNotFitKey)]
    [InlineData("""{"alg":"ECDH-ES","enc":"A256GCM"}""", JoseFault.AlgorithmDoesNotFitKey)]
    [Trait("Spec", "RFC 7516 §4.1.2")]
    public void Refuses_headers_that_do_not_fit(string header, JoseFault expected)
    {
        Refuse(Keys.Encode(header) + ".AAAA.AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA", Rsa, expected);
    }

    [Theory]
    [InlineData("\"epk\":1")]
    [InlineData("\"epk\":{}")]
    [InlineData(
        "\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"
    )]
    [InlineData("\"epk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}")]
    [InlineData("\"x\":1")]
    [InlineData("\"apu\":1")]
    [Trait("Spec", "RFC 7518 §4.6")]
    public void Refuses_ephemeral_keys_that_are_no_use(string member)
    {
        var key = KeyFor("ECDH-ES", "A256GCM");
        Refuse(
            Keys.Encode($$"""{"alg":"ECDH-ES","enc":"A256GCM",{{member}}}""") + "..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA",
            key,
            JoseFault.DecryptionFailed
        );
    }

    [Fact]
    public void The_key_of_a_set_is_chosen_by_identifier_and_purpose()
    {
        var other = JsonWebKey.Generate("RSA-OAEP-256", "other", "enc");
        var token = JweWriter.Write(Rsa, "RSA-OAEP-256", "A256GCM", Plaintext, """{"kid":"rsa"}""");
        var nameless = JweWriter.Write(Rsa, "RSA-OAEP-256", "A256GCM", Plaintext);

        Assert.True(Jwe.TryDecrypt(token, new JsonWebKeySet([other, Rsa]), Any, out _, out JoseFault _));
        Assert.True(Jwe.TryDecrypt(nameless, new JsonWebKeySet([other, Rsa]), Any, out var jwe, out JoseFault _));
        Assert.Equal("rsa", jwe.Key.Kid);
        RefuseSet(token, [other], JoseFault.KeyNotFound);
        RefuseSet(token, [Rsa.ToPublic()], JoseFault.KeyNotFound);
        RefuseSet(token, [Keys.Of("RS256").WithKid("rsa")], JoseFault.KeyNotFound);
        RefuseSet(token, [Rsa, KeyFor("dir", "A256GCM")], JoseFault.MixedKeySet);
        RefuseSet(nameless, [Rsa, .. Enumerable.Repeat(other, 4)], JoseFault.KidMissing);
    }

    [Theory]
    [InlineData("use", "\"sig\"", JoseFault.KeyUseContradictory)]
    [InlineData("alg", "\"RSA-OAEP\"", JoseFault.AlgorithmDoesNotFitKey)]
    [InlineData("key_ops", "[\"encrypt\"]", JoseFault.AlgorithmDoesNotFitKey)]
    [Trait("Spec", "RFC 7517 §4.2")]
    [Trait("Spec", "RFC 7517 §4.3")]
    [Trait("Spec", "RFC 7517 §4.4")]
    public void E33_refuses_a_key_for_another_purpose(string name, string value, JoseFault expected)
    {
        var token = JweWriter.Write(Rsa, "RSA-OAEP-256", "A256GCM", Plaintext);
        var json = Keys.ObjectOf(Rsa, withPrivate: true);
        json[name] = JsonNode.Parse(value);
        if (!JsonWebKey.TryParse(Encoding.UTF8.GetBytes(json.ToJsonString()), out var key, out var fault))
            Assert.Equal(expected, fault);
        else
            Refuse(token, key, expected);
    }

    private static JsonWebKey KeyFor(string alg, string enc, bool fresh = false)
    {
        if (alg.StartsWith("RSA", StringComparison.Ordinal))
        {
            var labels = new KeyLabels("k", alg, "enc", null);
            return new JsonWebKey(labels, fresh ? Keys.Of("RS384").Rsa! : Rsa.Rsa!);
        }
        return JsonWebKey.Generate(alg == "dir" ? enc : alg, "k", "enc");
    }

    private static string Join(string[] parts, int index, byte[] part)
    {
        var changed = (string[])parts.Clone();
        changed[index] = Base64UrlText.Encode(part);
        return string.Join('.', changed);
    }

    private static void RefuseSet(string token, JsonWebKey[] keys, JoseFault expected)
    {
        Assert.False(Jwe.TryDecrypt(token, new JsonWebKeySet(keys), Any, out _, out var fault));
        Assert.Equal(expected, fault);
    }

    private static void Refuse(string token, JsonWebKey key, JoseFault? expected = null)
    {
        Assert.False(Jwe.TryDecrypt(token, key, Any, out var jwe, out var fault));
        Assert.Null(jwe);
        Assert.NotEqual(JoseFault.None, fault);
        if (expected is not null)
            Assert.Equal(expected, fault);
    }
}
