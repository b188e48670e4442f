using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Ostiary.Protocol.Jose;

namespace Ostiary.Protocol.Tests.Jose;

/// <summary>The second half of the known attacks: form of tokens, types, uses of keys and poisoned key sets.</summary>
public sealed class AttackOnFormTests
{
    private static readonly JsonWebKey Key = Keys.Of("ES256");

    [Fact]
    public void E18_refuses_an_encrypted_token_where_a_signature_is_needed()
    {
        using var vectors = Keys.Vectors("jwe.json");
        foreach (var row in vectors.RootElement.EnumerateArray())
            Assert.NotEqual(JoseFault.SignatureInvalid, Keys.Refusal(row.GetProperty("token").GetString()!, Key, Keys.Any));
    }

    [Fact]
    public void E19_a_token_in_a_token_stays_a_payload()
    {
        using var signer = JwsSigner.Create(Key, "ES256");
        var token = signer.Sign("JWT", "{}"u8);
        for (var depth = 0; depth < 5; depth++)
        {
            token = signer.Sign("JWT", Encoding.ASCII.GetBytes(token));
            Assert.True(Jws.TryVerify(token, Key, Keys.Any, out var jws, out JoseFault _));
            Assert.False(JwtClaims.TryParse(jws.Payload, out _, out _));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("a.b")]
    [InlineData("a.b.c.d")]
    [InlineData("a.b.c.d.e.f")]
    [InlineData("a.b.c.")]
    [InlineData("...")]
    [InlineData("..")]
    [InlineData(".")]
    [Trait("Spec", "RFC 7515 §5.2")]
    public void E20_refuses_other_numbers_of_parts(string token)
    {
        Assert.Equal(JoseFault.NotCompact, Keys.Refusal(token, Key));
    }

    [Fact]
    public void E20_refuses_a_million_dots_at_once()
    {
        var dots = new string('.', 1_000_000);
        var unbounded = Keys.Any with { MaxLength = int.MaxValue };
        Keys.Refusal(dots, Key, unbounded);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var start = Stopwatch.GetTimestamp();

        Assert.False(Jws.TryVerify(dots, Key, unbounded, out _, out var fault));

        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromMilliseconds(50));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1000);
        Assert.Equal(JoseFault.NotCompact, fault);
        Assert.Equal(JoseFault.TooLarge, Keys.Refusal(dots, Key));
    }

    [Fact]
    public void E21_refuses_json_serialisations()
    {
        var (token, key) = JwsMutationTests.Valid("ES256");
        var parts = token.Split('.');
        var flat = $$"""{"payload":"{{parts[1]}}","protected":"{{parts[0]}}","signature":"{{parts[2]}}"}""";
        var general =
            $$"""{"payload":"{{parts[1]}}","signatures":[{"protected":"{{parts[0]}}","signature":"AA"},{"protected":"{{parts[0]}}","signature":"{{parts[2]}}"}]}""";
        var polyglot =
            $$"""{"protected":"{{parts[0]}}","payload":"{{parts[1]}}","signature":"{{parts[2]}}","  {{parts[0]}}.{{parts[1]}}.":"{{parts[2]}}"}""";

        foreach (var text in new[] { flat, general, polyglot })
            Assert.True(Keys.Refusal(text, key) is JoseFault.NotCompact or JoseFault.NotCanonicalBase64);
    }

    [Fact]
    [Trait("Spec", "RFC 7515 §2")]
    public void E22_refuses_other_spellings_of_a_valid_token()
    {
        var (token, key) = JwsMutationTests.Valid("ES256");
        var parts = token.Split('.');
        // 64 bytes end in four unused bits: there are fifteen more spellings of this signature.
        const string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        var last = alphabet.IndexOf(parts[2][^1], StringComparison.Ordinal);
        for (var i = 1; i < 16; i++)
            Assert.Equal(JoseFault.NotCanonicalBase64, Keys.Refusal(token[..^1] + alphabet[last ^ i], key));
        foreach (
            var spelling in new[]
            {
                token + "==",
                token.Replace(".", " .", StringComparison.Ordinal),
                token.Insert(3, "\n"),
                token + "\r\n",
                token.Insert(3, "\t"),
            }
        )
            Assert.Equal(JoseFault.NotCanonicalBase64, Keys.Refusal(spelling, key));
        Keys.Refusal(token.Replace(".", "%2E", StringComparison.Ordinal), key);
    }

    [Theory]
    [InlineData("""{"alg":"none","alg":"ES256"}""")]
    [InlineData("""{"alg":"ES256","alg":"none"}""")]
    [InlineData("""{"alg":"ES256","\u0061lg":"none"}""")]
    [InlineData("""{"alg":"ES256","x":{"a":1,"a":2}}""")]
    [Trait("Spec", "RFC 7515 §4")]
    public void E23_refuses_repeated_header_members(string header)
    {
        Assert.Equal(JoseFault.HeaderMalformed, Keys.Refusal(Keys.Forge(header, "{}", Key, "ES256"), Key));
    }

    // csharpier-ignore
    [Theory]
    [InlineData("at+jwt", "at+jwt", true)]
    [InlineData("application/at+jwt", "at+jwt", true)]
    [InlineData("AT+JWT", "at+jwt", true)]
    [InlineData("Application/AT+jwt", "at+jwt", true)]
    [InlineData("at+jwt", "application/at+jwt", true)]
    [InlineData("JWT", "at+jwt", false)]
    [InlineData("dpop+jwt", "at+jwt", false)]
    [InlineData("logout+jwt", "at+jwt", false)]
    [InlineData("", "at+jwt", false)]
    [InlineData("at+jwt ", "at+jwt", false)]
    [InlineData("application/x/at+jwt", "at+jwt", false)]
    [InlineData("text/at+jwt", "at+jwt", false)]
    [InlineData("*", "at+jwt", false)]
    [InlineData("at+jwt", "", false)]
    [InlineData("", "", true)]
    [Trait("Spec", "RFC 8725 §3.11")]
    [Trait("Spec", "RFC 7515 §4.1.9")]
    public void E29_accepts_only_the_expected_type(string typ, string accepted, bool expected)
    {
        using var signer = JwsSigner.Create(Key, "ES256");
        var valid = Jws.TryVerify(signer.Sign(typ, "{}"u8), Key, Keys.Policy("ES256", accepted), out _, out var fault);

        Assert.Equal(expected, valid);
        Assert.Equal(expected ? JoseFault.None : JoseFault.TypMismatch, fault);
    }

    [Fact]
    [Trait("Spec", "RFC 8725 §3.11")]
    public void E29_an_empty_list_of_types_accepts_nothing_and_an_empty_typ_is_not_an_absent_one()
    {
        using var signer = JwsSigner.Create(Key, "ES256");
        var nothing = new JwsPolicy { Algorithms = ["ES256"], Types = [] };
        Assert.Equal(JoseFault.TypMismatch, Keys.Refusal(signer.Sign("", "{}"u8), Key, nothing));
        Assert.Equal(JoseFault.TypMismatch, Keys.Refusal(signer.Sign("JWT", "{}"u8), Key, nothing));
        Assert.Equal(
            JoseFault.TypMismatch,
            Keys.Refusal(Keys.Forge("""{"alg":"ES256","typ":""}""", "{}", Key, "ES256"), Key, Keys.Policy("ES256", ""))
        );
    }

    [Theory]
    [InlineData("\"use\":\"enc\"")]
    [InlineData("\"use\":\"other\"")]
    [InlineData("\"key_ops\":[\"sign\"]")]
    [InlineData("\"key_ops\":[\"deriveKey\"]")]
    [InlineData("\"alg\":\"ECDH-ES\"")]
    [InlineData("\"alg\":\"ES256K\"")]
    [Trait("Spec", "RFC 7517 §4.2")]
    [Trait("Spec", "RFC 7517 §4.3")]
    [Trait("Spec", "RFC 7517 §4.4")]
    public void E33_refuses_a_key_for_another_purpose(string member)
    {
        var json = Keys.ObjectOf(Key);
        json.Remove("use");
        json.Remove("alg");
        var key = Keys.Parse(json.ToJsonString()[..^1] + "," + member + "}");
        using var signer = JwsSigner.Create(Key, "ES256");
        var token = signer.Sign("JWT", "{}"u8);

        Assert.Equal(JoseFault.AlgorithmDoesNotFitKey, Keys.Refusal(token, key));
        Assert.Equal(JoseFault.AlgorithmDoesNotFitKey, Keys.Refusal(token, new JsonWebKeySet([key])));
        Assert.Null(new JsonWebKeySet([key]).Find("k-ES256", "ES256"));
    }

    [Fact]
    [Trait("Spec", "RFC 7518 §3.2")]
    public void E36_refuses_empty_and_short_secrets()
    {
        Assert.Equal(JoseFault.KeyTooWeak, Keys.FaultOf("""{"kty":"oct","k":""}"""));
        Assert.Equal(JoseFault.KeyTooWeak, Keys.FaultOf($$"""{"kty":"oct","alg":"HS256","k":"{{Base64UrlText.Encode(new byte[31])}}"}"""));
        Assert.Equal(JoseFault.KeyTooLarge, Keys.FaultOf($$"""{"kty":"oct","k":"{{Base64UrlText.Encode(new byte[1025])}}"}"""));
        var shorter = Keys.Parse($$"""{"kty":"oct","k":"{{Base64UrlText.Encode(new byte[31])}}"}""");
        Assert.Equal(JoseFault.AlgorithmDoesNotFitKey, Keys.Refusal(Keys.Forge("""{"alg":"HS256"}""", "{}", shorter, "HS256"), shorter));
        var enough = Keys.Parse($$"""{"kty":"oct","k":"{{Base64UrlText.Encode(Entropy.Bytes(32))}}"}""");
        Assert.Equal(JoseFault.AlgorithmDoesNotFitKey, Keys.Refusal(Keys.Forge("""{"alg":"HS512"}""", "{}", enough, "HS512"), enough));
        Assert.True(Jws.TryVerify(Keys.Forge("""{"alg":"HS256"}""", "{}", enough, "HS256"), enough, Keys.Any, out _, out JoseFault _));
    }

    [Fact]
    [Trait("Spec", "RFC 8725 §3.1")]
    public void E40_only_equal_algorithms_of_key_header_and_registration_pass()
    {
        string[] algorithms = ["RS256", "PS256", "RS512"];
        foreach (var ofKey in algorithms)
        {
            var json = Keys.ObjectOf(Keys.Of("RS256"));
            json["alg"] = ofKey;
            var key = Keys.Parse(json.ToJsonString());
            foreach (var ofHeader in algorithms)
            {
                var token = Keys.Forge($$"""{"alg":"{{ofHeader}}"}""", "{}", Keys.Of("RS256"), ofHeader);
                foreach (var registered in algorithms)
                {
                    var valid = Jws.TryVerify(token, key, Keys.Policy(registered, ""), out _, out JoseFault _);
                    Assert.Equal(ofKey == ofHeader && ofHeader == registered, valid);
                }
            }
        }
    }

    [Fact]
    [Trait("Spec", "RFC 8725 §3.2")]
    public void Refuses_sets_that_mix_secrets_with_public_keys()
    {
        var (token, _) = JwsMutationTests.Valid("ES256");

        Assert.Equal(JoseFault.MixedKeySet, Keys.Refusal(token, new JsonWebKeySet([Key, Keys.Of("HS256")])));
    }

    [Fact]
    public void Reading_without_verification_is_as_strict_about_form()
    {
        var (token, _) = JwsMutationTests.Valid("ES256");
        Assert.True(Jws.TryReadUnverified(token, out var header, out var payload));
        Assert.Equal("ES256", header.GetProperty("alg").GetString());
        Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(payload).RootElement.ValueKind);
        foreach (var text in new[] { "", "..", token + "=", token + ".x", "AA." + token[(token.IndexOf('.', StringComparison.Ordinal) + 1)..] })
            Assert.False(Jws.TryReadUnverified(text, out _, out _));
    }
}
