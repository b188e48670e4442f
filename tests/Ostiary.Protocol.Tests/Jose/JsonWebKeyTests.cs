using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ostiary.Protocol.Jose;

namespace Ostiary.Protocol.Tests.Jose;

public sealed class JsonWebKeyTests
{
    public static TheoryData<string> Kinds => ["ES256", "ES384", "ES512", "RS256", "HS256", "HS512"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Private_and_public_forms_survive_a_round_trip(string alg)
    {
        var key = Keys.Of(alg);
        var read = Keys.Parse(Encoding.UTF8.GetString(key.ToPrivateUtf8()));

        Assert.True(read.HasPrivate);
        Assert.Equal((key.Kid, key.Alg, key.Use, key.Thumbprint()), (read.Kid, read.Alg, read.Use, read.Thumbprint()));
        if (key.IsSymmetric)
        {
            Assert.Throws<InvalidOperationException>(() => key.ToPublic());
            Assert.Throws<InvalidOperationException>(() => key.ToPublicUtf8());
            return;
        }
        var shown = JsonNode.Parse(key.ToPublicUtf8())!.AsObject();
        foreach (var secret in new[] { "d", "p", "q", "dp", "dq", "qi", "k" })
            Assert.False(shown.ContainsKey(secret));
        Assert.Equal(key.Thumbprint(), Keys.Parse(shown.ToJsonString()).Thumbprint());
        Assert.False(key.ToPublic().HasPrivate);
        Assert.Throws<InvalidOperationException>(() => key.ToPublic().ToPrivateUtf8());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    [Trait("Spec", "RFC 7517 §4.1")]
    [Trait("Spec", "RFC 7518 §6.3.2")]
    public void Refuses_a_key_without_one_of_its_members(string alg)
    {
        var whole = Keys.ObjectOf(Keys.Of(alg), withPrivate: true);
        foreach (var member in whole.Select(member => member.Key).ToArray())
        {
            if (member is "kid" or "use" or "alg" || (member == "d" && whole["kty"]!.GetValue<string>() == "EC"))
                continue;
            var part = whole.DeepClone().AsObject();
            part.Remove(member);
            Keys.FaultOf(part.ToJsonString());
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Refuses_a_key_that_repeats_a_member(string alg)
    {
        var text = Encoding.UTF8.GetString(Keys.Of(alg).ToPrivateUtf8());
        foreach (var member in JsonNode.Parse(text)!.AsObject())
            Assert.Equal(JoseFault.KeyMalformed, Keys.FaultOf(text[..^1] + $",\"{member.Key}\":{member.Value!.ToJsonString()}}}"));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Refuses_a_key_whose_member_has_another_type(string alg)
    {
        var whole = Keys.ObjectOf(Keys.Of(alg), withPrivate: true);
        foreach (var member in whole.Select(member => member.Key).ToArray())
        {
            foreach (var value in new[] { "1", "null", "true", "[]", "{}", "\"\"" })
            {
                var changed = whole.DeepClone().AsObject();
                changed[member] = JsonNode.Parse(value);
                Keys.FaultOf(changed.ToJsonString());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Refuses_a_key_whose_number_is_not_canonical(string alg)
    {
        var whole = Keys.ObjectOf(Keys.Of(alg), withPrivate: true);
        foreach (var member in whole.Select(member => member.Key).Where(name => name is not ("kty" or "kid" or "use" or "alg" or "crv")).ToArray())
        {
            var value = whole[member]!.GetValue<string>();
            foreach (
                var spelling in new[]
                {
                    value + "=",
                    value + " ",
                    " " + value,
                    value + "+",
                    value[..^1] + "\n" + value[^1],
                    value + "A",
                    "AA" + value,
                }
            )
            {
                if (alg.StartsWith("HS", StringComparison.Ordinal) && Base64UrlText.TryDecode(spelling, out byte[]? _))
                    continue;
                var changed = whole.DeepClone().AsObject();
                changed[member] = spelling;
                Keys.FaultOf(changed.ToJsonString());
            }
        }
    }

    [Theory]
    [InlineData("ES256")]
    [InlineData("ES384")]
    [InlineData("ES512")]
    [InlineData("RS256")]
    [Trait("Spec", "RFC 7518 §6.2.1.2")]
    [Trait("Spec", "RFC 7518 §6.2.2.1")]
    public void Refuses_a_private_key_with_any_number_changed(string alg)
    {
        var whole = Keys.ObjectOf(Keys.Of(alg), withPrivate: true);
        foreach (var member in whole.Select(member => member.Key).Where(name => name is not ("kty" or "kid" or "use" or "alg" or "crv")).ToArray())
        {
            Assert.True(Base64UrlText.TryDecode(whole[member]!.GetValue<string>(), out byte[]? bytes));
            foreach (var i in new[] { 0, bytes.Length / 2, bytes.Length - 1 })
            {
                var other = (byte[])bytes.Clone();
                other[i] ^= 0x02;
                var changed = whole.DeepClone().AsObject();
                changed[member] = Base64UrlText.Encode(other);
                Keys.FaultOf(changed.ToJsonString());
            }
        }
    }

    [Theory]
    [InlineData("P-256", 32)]
    [InlineData("P-384", 48)]
    [InlineData("P-521", 66)]
    [Trait("Spec", "RFC 7518 §6.2.2.1")]
    public void Refuses_scalars_outside_the_order_of_the_curve(string crv, int length)
    {
        Assert.True(EcCurve.TryFind(crv, out var curve));
        var order = Convert.FromHexString(curve.Order);
        Assert.Equal(length, order.Length);
        Assert.False(curve.IsScalar(new byte[length]));
        Assert.False(curve.IsScalar(order));
        order[^1]--;
        Assert.True(curve.IsScalar(order));
    }

    [Fact]
    [Trait("Spec", "RFC 7518 §2")]
    public void Refuses_numbers_with_a_leading_zero_octet()
    {
        var whole = Keys.ObjectOf(Keys.Of("RS256"));
        Assert.True(Base64UrlText.TryDecode(whole["n"]!.GetValue<string>(), out byte[]? n));
        whole["n"] = Base64UrlText.Encode([0, .. n]);
        Assert.Equal(JoseFault.KeyMalformed, Keys.FaultOf(whole.ToJsonString()));

        whole = Keys.ObjectOf(Keys.Of("RS256"));
        whole["e"] = Base64UrlText.Encode([0, 1, 0, 1]);
        Assert.Equal(JoseFault.KeyMalformed, Keys.FaultOf(whole.ToJsonString()));
    }

    [Theory]
    [InlineData("EC", "secp256k1")]
    [InlineData("EC", "P-192")]
    [InlineData("EC", "p-256")]
    [InlineData("OKP", "X25519")]
    [InlineData("OKP", "X448")]
    [InlineData("OKP", "Ed448")]
    [InlineData("AKP", "P-256")]
    [InlineData("ec", "P-256")]
    [InlineData("RSA2", "P-256")]
    [Trait("Spec", "RFC 7518 §6.2.1.1")]
    public void Refuses_kinds_that_are_not_supported(string kty, string crv)
    {
        var key = Keys.ObjectOf(Keys.Of("ES256"));
        key.Remove("alg");
        key["kty"] = kty;
        key["crv"] = crv;

        Assert.Equal(JoseFault.KeyTypeUnsupported, Keys.FaultOf(key.ToJsonString()));
    }

    [Fact]
    [Trait("Spec", "RFC 7518 §6.3.2.7")]
    public void Refuses_keys_of_more_than_two_primes()
    {
        var key = Keys.ObjectOf(Keys.Of("RS256"), withPrivate: true);
        key["oth"] = JsonNode.Parse("""[{"r":"AQ","d":"AQ","t":"AQ"}]""");

        Assert.Equal(JoseFault.KeyTypeUnsupported, Keys.FaultOf(key.ToJsonString()));
    }

    // csharpier-ignore
    [Theory]
    [InlineData("ES256", """{"use":"sig","key_ops":["encrypt"]}""")]
    [InlineData("ES256", """{"use":"sig","key_ops":["verify","deriveKey"]}""")]
    [InlineData("ES256", """{"use":"enc"}""")]
    [InlineData("ES256", """{"use":null,"alg":"ES256","key_ops":["deriveBits"]}""")]
    [InlineData("ES256", """{"use":"sig","alg":"ECDH-ES"}""")]
    [InlineData("RS256", """{"use":"sig","alg":"RSA-OAEP"}""")]
    [InlineData("RS256", """{"use":"enc","alg":null,"key_ops":["sign"]}""")]
    [Trait("Spec", "RFC 7517 §4.3")]
    public void Refuses_keys_whose_uses_contradict_each_other(string alg, string members)
    {
        Assert.Equal(JoseFault.KeyUseContradictory, Keys.FaultOf(With(Keys.ObjectOf(Keys.Of(alg)), members)));
    }

    // csharpier-ignore
    [Theory]
    [InlineData("ES256", """{"alg":"RS256"}""")]
    [InlineData("ES256", """{"alg":"ES384"}""")]
    [InlineData("ES256", """{"alg":"HS256"}""")]
    [InlineData("ES256", """{"alg":"EdDSA"}""")]
    [InlineData("RS256", """{"alg":"ES256"}""")]
    [InlineData("RS256", """{"alg":"ECDH-ES","use":null}""")]
    [InlineData("RS256", """{"alg":"A128GCM","use":null}""")]
    public void Refuses_keys_whose_algorithm_is_for_another_kind(string alg, string members)
    {
        Assert.Equal(JoseFault.AlgorithmDoesNotFitKey, Keys.FaultOf(With(Keys.ObjectOf(Keys.Of(alg)), members)));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("[1]")]
    [InlineData("[\"verify\",\"verify\"]")]
    [InlineData("\"verify\"")]
    [InlineData("{}")]
    [Trait("Spec", "RFC 7517 §4.3")]
    public void Refuses_malformed_key_operations(string operations)
    {
        Assert.Equal(JoseFault.KeyMalformed, Keys.FaultOf(With(Keys.ObjectOf(Keys.Of("ES256")), $$"""{"key_ops":{{operations}}}""")));
    }

    [Fact]
    public void A_document_that_was_parsed_carelessly_is_refused_too()
    {
        using var document = JsonDocument.Parse("""{"kty":"EC","kid":"\ud800"}""");

        Assert.False(JsonWebKey.TryParse(document.RootElement, out _, out var fault));
        Assert.Equal(JoseFault.KeyMalformed, fault);
    }

    [Fact]
    public void Every_fault_has_its_own_ascii_sentence()
    {
        var sentences = Enum.GetValues<JoseFault>().Select(fault => fault.Sentence()).ToArray();

        Assert.All(sentences, sentence => Assert.Matches("^[a-z][a-z0-9 ]+$", sentence));
        Assert.Equal(sentences.Length, sentences.Distinct().Count());
    }

    private static string With(JsonObject key, string members)
    {
        foreach (var (name, value) in JsonNode.Parse(members)!.AsObject())
        {
            key.Remove(name);
            if (value is not null)
                key[name] = value.DeepClone();
        }
        return key.ToJsonString();
    }
}
