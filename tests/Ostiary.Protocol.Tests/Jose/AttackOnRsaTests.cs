using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Ostiary.Protocol.Jose;

namespace Ostiary.Protocol.Tests.Jose;

/// <summary>Row E06 of the catalogue of attacks: keys that are too weak, paddings that are swapped or forged.</summary>
public sealed class AttackOnRsaTests
{
    private const string Payload = """{"iss":"https://as.test","sub":"alice"}""";

    private static readonly JsonWebKey RsaKeyPair = Keys.Of("RS256");

    [Fact]
    [Trait("Spec", "RFC 7518 §3.3")]
    public void E06_refuses_weak_rsa_keys_and_swapped_paddings()
    {
        var n = RsaKeyPair.Rsa!.Parameters.Modulus!;
        Assert.Equal(JoseFault.KeyTooWeak, Keys.FaultOf(RsaJson(n, [1])));
        Assert.Equal(JoseFault.KeyMalformed, Keys.FaultOf(RsaJson(n, [2])));
        Assert.Equal(JoseFault.KeyTooLarge, Keys.FaultOf(RsaJson(n, Enumerable.Repeat((byte)0xFF, 9).ToArray())));
        using var small = RSA.Create(1024);
        Assert.Equal(JoseFault.KeyTooWeak, Keys.FaultOf(RsaJson(small.ExportParameters(false).Modulus!, [1, 0, 1])));
        using var almost = RSA.Create(2040);
        Assert.Equal(JoseFault.KeyTooWeak, Keys.FaultOf(RsaJson(almost.ExportParameters(false).Modulus!, [1, 0, 1])));

        // Any key fits RS256 and PS256; a key that names one takes no token of the other, nor a token whose signature has the other padding.
        var open = Relabel(RsaKeyPair, """{"alg":null}""");
        Assert.Equal(JoseFault.SignatureInvalid, Keys.Refusal(Keys.Forge("""{"alg":"PS256"}""", Payload, RsaKeyPair, "RS256"), open));
        Assert.Equal(JoseFault.SignatureInvalid, Keys.Refusal(Keys.Forge("""{"alg":"RS256"}""", Payload, RsaKeyPair, "PS256"), open));
        Assert.Equal(JoseFault.SignatureInvalid, Keys.Refusal(Keys.Forge("""{"alg":"RS256"}""", Payload, RsaKeyPair, "RS512"), open));
        Assert.Equal(JoseFault.AlgorithmDoesNotFitKey, Keys.Refusal(Keys.Forge("""{"alg":"PS256"}""", Payload, RsaKeyPair, "PS256"), RsaKeyPair));
    }

    [Fact]
    [Trait("Spec", "RFC 7518 §3.3")]
    public void E06_refuses_forged_padding_under_the_exponent_three()
    {
        // A cube root that only starts like a padded hash: what a check of the first bytes alone would take.
        var key = Keys.Parse(RsaJson(RsaKeyPair.Rsa!.Parameters.Modulus!, [3]));
        var input = Keys.Encode("""{"alg":"RS256"}""") + "." + Keys.Encode(Payload);
        var prefix = Convert.FromHexString("0001FFFFFFFFFFFFFFFF003031300D060960864801650304020105000420");
        byte[] block = [.. prefix, .. SHA256.HashData(Encoding.ASCII.GetBytes(input))];
        var target = new BigInteger([.. block, .. new byte[256 - block.Length]], isUnsigned: true, isBigEndian: true);
        var root = CubeRoot(target) + 1;
        var signature = new byte[256];
        var bytes = root.ToByteArray(isUnsigned: true, isBigEndian: true);
        bytes.CopyTo(signature, 256 - bytes.Length);

        Assert.Equal(JoseFault.SignatureInvalid, Keys.Refusal(input + "." + Base64UrlText.Encode(signature), key));
    }

    [Fact]
    [Trait("Spec", "RFC 7518 §3.3")]
    public void E06_refuses_keys_of_the_smart_cards_with_predictable_primes()
    {
        const string n =
            "AanFpofbj7KjD4Lf-N2hVMKR7yewSyXhhbirIMTGpfYEhZ_lnt5UoK98DnKIgArXGTu3MaW_HhFw16HGaTDUHqPrId7fe4r11CqRw09yBFuW79V8sYIwHdzCaWflUI6auImYbVfoN9_nD5n8N8SY9DwXw7mwZM9wREPXoDPgOoIWl6q_MPsp7n0zs3Z5ZaiQWOOzl1S9OhwAfSiiOwz6efnXEaxuTEtPd7BjSx7NaFka8Dx9U7YqXy2RFj1O9PjyaDGuRh7YXsX3iMUSP_wSyHQg_c_qHRtKUsNSGCT7OZg0hzm2KphtjnayKJvC64vAbROBR4Ubg6Bxg9IQVZ-QYyE";

        Assert.Equal(JoseFault.KeyTooWeak, Keys.FaultOf($$"""{"kty":"RSA","e":"AQAB","n":"{{n}}"}"""));
    }

    private static JsonWebKey Relabel(JsonWebKey key, string members)
    {
        var json = Keys.ObjectOf(key);
        foreach (var (name, value) in JsonNode.Parse(members)!.AsObject())
        {
            json.Remove(name);
            if (value is not null)
                json[name] = value.DeepClone();
        }
        return Keys.Parse(json.ToJsonString());
    }

    private static string RsaJson(byte[] n, byte[] e) => $$"""{"kty":"RSA","n":"{{Base64UrlText.Encode(n)}}","e":"{{Base64UrlText.Encode(e)}}"}""";

    private static BigInteger CubeRoot(BigInteger value)
    {
        BigInteger low = 0;
        var high = BigInteger.One << ((int)value.GetBitLength() / 3 + 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (middle * middle * middle <= value)
                low = middle;
            else
                high = middle - 1;
        }
        return low;
    }
}
