using System.Text.Json;
using System.Text.Json.Nodes;
using Ostiary.Protocol.Jose;

namespace Ostiary.Protocol.Tests.Jose;

/// <summary>Every place of a valid token and of its header, changed one at a time.</summary>
public sealed class JwsMutationTests
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    private const string Header = """{"alg":"ES256","typ":"JWT","kid":"k-ES256"}""";

    public static TheoryData<string> Algorithms => [.. JwsSignerTests.SigningAlgorithms.Select(row => row.Data), "EdDSA"];

    public static TheoryData<string> Members => ["alg", "typ", "kid"];

    [Theory]
    [MemberData(nameof(Algorithms))]
    [Trait("Spec", "RFC 7515 §5.2")]
    [Trait("Spec", "RFC 7518 §3.2")]
    [Trait("Spec", "RFC 7518 §3.3")]
    [Trait("Spec", "RFC 7518 §3.4")]
    [Trait("Spec", "RFC 7518 §3.5")]
    [Trait("Spec", "RFC 8037 §3.1")]
    public void Refuses_every_changed_character(string alg)
    {
        var (token, key) = Valid(alg);
        for (var i = 0; i < token.Length; i++)
        {
            foreach (var changed in Replacements(token[i]))
            {
                var mutant = token[..i] + changed + token[(i + 1)..];
                Keys.Refusal(mutant, key);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    [Trait("Spec", "RFC 7515 §5.2")]
    public void Refuses_every_truncation_and_extension(string alg)
    {
        var (token, key) = Valid(alg);
        for (var i = 0; i < token.Length; i++)
        {
            Keys.Refusal(token[..i], key);
            Keys.Refusal(token[i..] is { Length: var rest } && rest == token.Length ? token + "A" : token[i..], key);
        }
        foreach (var end in new[] { ".", "A", "AA", "AAAA", "=", " ", "\n", "\0", ".A" })
        {
            Keys.Refusal(token + end, key);
            Keys.Refusal(end + token, key);
        }
    }

    [Theory]
    [InlineData("alg", JoseFault.AlgorithmMissing)]
    [InlineData("typ", JoseFault.TypMismatch)]
    [Trait("Spec", "RFC 7515 §4.1.1")]
    public void Refuses_a_header_without(string member, JoseFault expected)
    {
        var header = JsonNode.Parse(Header)!.AsObject();
        header.Remove(member);

        Assert.Equal(expected, Keys.Refusal(Forge(header.ToJsonString()), Keys.Of("ES256"), Keys.Policy("ES256", "JWT")));
    }

    [Theory]
    [MemberData(nameof(Members))]
    [Trait("Spec", "RFC 7515 §4")]
    public void Refuses_a_header_that_repeats(string member)
    {
        var value = JsonNode.Parse(Header)![member]!.ToJsonString();
        foreach (var other in new[] { value, "\"none\"", "null" })
        {
            foreach (var name in new[] { member, "\\u00" + ((int)member[0]).ToString("x2") + member[1..] })
            {
                Assert.Equal(JoseFault.HeaderMalformed, Refuse(Header[..^1] + $",\"{name}\":{other}}}"));
                Assert.Equal(JoseFault.HeaderMalformed, Refuse($"{{\"{name}\":{other}," + Header[1..]));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Members))]
    [Trait("Spec", "RFC 7515 §4")]
    public void Refuses_a_header_with_another_type_of(string member)
    {
        foreach (var value in new[] { "1", "null", "true", "[]", "{}", "[\"ES256\"]", "1e400" })
        {
            var header = JsonNode.Parse(Header)!.AsObject();
            header[member] = JsonNode.Parse(value);
            Assert.Equal(JoseFault.HeaderMalformed, Refuse(header.ToJsonString()));
        }
    }

    [Fact]
    [Trait("Spec", "RFC 7515 §4")]
    public void Refuses_headers_that_are_no_strict_json_object()
    {
        // csharpier-ignore
        foreach (var header in new[]
        {
            "", "{}", "[]", "null", "1", "\"ES256\"", "{", Header + "}", Header[..^1], Header + " x", "\ufeff" + Header, "/**/" + Header,
            Header[..^1] + ",}", Header.Replace('"', '\''), Header[..^1] + ",\"x\":\"\\ud800\"}", Header[..^1] + ",\"\\udc00\":1}", Header[..^1] + ",\"x\":NaN}",
            Header[..^1] + ",\"x\":" + new string('[', 20) + new string(']', 20) + "}", Header[..^1] + ",\"x\":01}", Header + "\0",
        })
        {
            Assert.NotEqual(JoseFault.SignatureInvalid, Refuse(header));
        }
    }

    [Fact]
    public void Refuses_a_header_that_is_not_utf8()
    {
        byte[] header = [.. """{"alg":"ES256","x":" """u8, 0xC0, 0xAF, .. "\"}"u8];
        var input = Base64UrlText.Encode(header) + ".e30";
        var signature = Keys.RawSignature(Keys.Of("ES256"), "ES256", System.Text.Encoding.ASCII.GetBytes(input));

        Assert.Equal(JoseFault.HeaderMalformed, Keys.Refusal(input + "." + Base64UrlText.Encode(signature), Keys.Of("ES256")));
    }

    [Fact]
    public void Random_noise_is_refused_without_an_exception()
    {
        var (token, key) = Valid("ES256");
        var set = new JsonWebKeySet([key]);
        var bytes = Entropy.Bytes(4000);
        for (var i = 0; i + 4 < bytes.Length; i += 4)
        {
            var mutant = token.ToCharArray();
            mutant[(bytes[i] << 8 | bytes[i + 1]) % mutant.Length] = (char)(bytes[i + 2] << (bytes[i + 3] & 8));
            if (!mutant.AsSpan().SequenceEqual(token))
                Keys.Refusal(new string(mutant), set);
            Jws.TryReadUnverified(mutant, out _, out _);
        }
    }

    internal static (string Token, JsonWebKey Key) Valid(string alg)
    {
        if (alg == "EdDSA")
            return EdDsa();
        var key = Keys.Of(alg);
        using var signer = JwsSigner.Create(key, alg);
        var token = signer.Sign("JWT", """{"iss":"https://as.test","sub":"alice"}"""u8);
        var verifier = key.IsSymmetric ? key : key.ToPublic();
        Assert.True(Jws.TryVerify(token, verifier, Keys.Any, out _, out JoseFault _));
        return (token, verifier);
    }

    private static (string Token, JsonWebKey Key) EdDsa()
    {
        using var vectors = Keys.Vectors("jws.json");
        var row = vectors.RootElement.EnumerateArray().First(v => v.GetProperty("spec").GetString() == "RFC 8037 §A.4");
        Assert.True(JsonWebKey.TryParse(row.GetProperty("key"), out var key, out _));
        return (row.GetProperty("token").GetString()!, key);
    }

    private static IEnumerable<char> Replacements(char original)
    {
        var index = Alphabet.IndexOf(original, StringComparison.Ordinal);
        if (index < 0)
            return ['A', '-'];
        return [Alphabet[index ^ 1], Alphabet[index ^ 32], '.', '='];
    }

    private static string Forge(string header) => Keys.Forge(header, "{}", Keys.Of("ES256"), "ES256");

    private static JoseFault Refuse(string header) => Keys.Refusal(Forge(header), Keys.Of("ES256"));
}
