using System.Text;
using System.Text.Json;
using Ostiary.Protocol.Jose;

namespace Ostiary.Protocol.Tests.Jose;

/// <summary>The examples printed in the RFCs, through the line protocol and so through the code that checks tokens.</summary>
public sealed class RfcVectorTests
{
    public static TheoryData<string> SignatureNames => Names("jws.json");

    public static TheoryData<string> EncryptionNames => Names("jwe.json");

    [Theory]
    [MemberData(nameof(SignatureNames))]
    [Trait("Spec", "RFC 7515 §5.2")]
    public void Signed_examples_are_answered_as_the_compact_rules_say(string name) => Check("jws.json", name, "verify", "jws");

    [Theory]
    [MemberData(nameof(EncryptionNames))]
    [Trait("Spec", "RFC 7516 §5.1")]
    [Trait("Spec", "RFC 7516 §7.1")]
    [Trait("Spec", "RFC 7516 §4.1.2")]
    [Trait("Spec", "RFC 7518 §4.3")]
    [Trait("Spec", "RFC 7518 §4.4")]
    [Trait("Spec", "RFC 7518 §4.5")]
    [Trait("Spec", "RFC 7518 §4.6")]
    [Trait("Spec", "RFC 7518 §4.7")]
    [Trait("Spec", "RFC 7518 §4.7.1")]
    [Trait("Spec", "RFC 7518 §5.2")]
    [Trait("Spec", "RFC 7518 §5.2.2.2")]
    [Trait("Spec", "RFC 7518 §5.3")]
    public void Encrypted_examples_are_answered_as_the_compact_rules_say(string name) => Check("jwe.json", name, "decrypt", "jwe");

    [Fact]
    [Trait("Spec", "RFC 7638 §3.2")]
    [Trait("Spec", "RFC 8037 §2")]
    public void Thumbprints_match_the_examples()
    {
        using var vectors = Keys.Vectors("keys.json");
        foreach (var expected in vectors.RootElement.GetProperty("thumbprints").EnumerateObject())
        {
            var key = vectors.RootElement.GetProperty("keys").GetProperty(expected.Name).GetRawText();
            using var answer = JsonDocument.Parse(JoseLineProtocol.Answer($$"""{"id":1,"op":"thumbprint","key":{{OneLine(key)}}}"""));
            Assert.Equal(expected.Value.GetString(), answer.RootElement.GetProperty("value").GetString());
        }
    }

    [Theory]
    [InlineData("RFC 7517 A.1", true, 2, JoseFault.None)]
    [InlineData("RFC 7517 A.2", false, 2, JoseFault.None)]
    [InlineData("RFC 7517 A.2", true, 0, JoseFault.PrivateKeyInPublicSet)]
    [InlineData("RFC 7517 A.3", false, 2, JoseFault.None)]
    [InlineData("RFC 7517 A.3", true, 0, JoseFault.PrivateKeyInPublicSet)]
    [Trait("Spec", "RFC 7517 §5.1")]
    [Trait("Spec", "RFC 7517 §9.2")]
    public void Key_sets_of_the_examples_parse_where_they_may(string name, bool publicOnly, int count, JoseFault expected)
    {
        using var vectors = Keys.Vectors("keys.json");
        var element = vectors.RootElement.GetProperty("keys").GetProperty(name);

        var parsed = JsonWebKeySet.TryParse(element, publicOnly, out var set, out var fault);

        Assert.Equal(expected, fault);
        Assert.Equal(expected == JoseFault.None, parsed);
        Assert.Equal(count, set?.Keys.Count ?? 0);
    }

    [Theory]
    [InlineData("RFC 7517 B", "RSA", false)]
    [InlineData("RFC 7520 3.1", "EC", false)]
    [InlineData("RFC 7520 3.2", "EC", true)]
    [InlineData("RFC 7520 3.3", "RSA", false)]
    [InlineData("RFC 7520 3.4", "RSA", true)]
    [InlineData("RFC 7520 3.5", "oct", true)]
    [InlineData("RFC 7520 3.6", "oct", true)]
    [InlineData("RFC 8037 A.2", "OKP", false)]
    [Trait("Spec", "RFC 7517 §4.1")]
    [Trait("Spec", "RFC 7518 §6.2.1.1")]
    [Trait("Spec", "RFC 7518 §6.3.1")]
    [Trait("Spec", "RFC 7518 §6.3.2")]
    [Trait("Spec", "RFC 7518 §6.4.1")]
    public void Keys_of_the_examples_survive_a_round_trip(string name, string kty, bool hasPrivate)
    {
        using var vectors = Keys.Vectors("keys.json");
        var source = vectors.RootElement.GetProperty("keys").GetProperty(name);
        Assert.True(JsonWebKey.TryParse(source, out var key, out var fault), fault.ToString());

        Assert.Equal(kty, key.Kty);
        Assert.Equal(hasPrivate, key.HasPrivate);
        var written = Keys.Parse(Encoding.UTF8.GetString(hasPrivate ? key.ToPrivateUtf8() : key.ToPublicUtf8()));
        Assert.Equal(key.Thumbprint(), written.Thumbprint());
        using var copy = JsonDocument.Parse(hasPrivate ? written.ToPrivateUtf8() : written.ToPublicUtf8());
        foreach (var member in copy.RootElement.EnumerateObject())
            Assert.Equal(source.GetProperty(member.Name).GetString(), member.Value.GetString());
    }

    [Fact]
    [Trait("Spec", "RFC 3394 §2.2.2")]
    [Trait("Spec", "RFC 3394 §2.2.3.1")]
    public void Key_unwrapping_matches_the_examples()
    {
        // csharpier-ignore
        (string Kek, string Wrapped, string Key)[] rows =
        [
            ("000102030405060708090A0B0C0D0E0F", "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5", "00112233445566778899AABBCCDDEEFF"),
            ("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", "64E8C3F9CE0F5BA263E9777905818A2A93C8191E7D6E8AE7", "00112233445566778899AABBCCDDEEFF"),
            ("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21", "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F"),
        ];
        foreach (var (kek, wrapped, key) in rows)
        {
            var bytes = Convert.FromHexString(wrapped);
            Assert.Equal(key, Convert.ToHexString(AesKeyWrap.Unwrap(Convert.FromHexString(kek), bytes)!));
            for (var i = 0; i < bytes.Length; i++)
            {
                bytes[i] ^= 0x10;
                Assert.Null(AesKeyWrap.Unwrap(Convert.FromHexString(kek), bytes));
                bytes[i] ^= 0x10;
                Assert.Null(AesKeyWrap.Unwrap(Convert.FromHexString(kek), bytes.AsSpan(0, i)));
            }
        }
    }

    [Fact]
    [Trait("Spec", "RFC 7518 §4.6.2")]
    public void Key_derivation_matches_appendix_C_of_RFC_7518()
    {
        var alice = Keys.Parse(
            """{"kty":"EC","crv":"P-256","x":"gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0","y":"SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps"}"""
        );
        var bob = Keys.Parse(
            """{"kty":"EC","crv":"P-256","x":"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ","y":"e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck","d":"VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw"}"""
        );
        using var own = bob.Ec!.Agreement();
        using var other = alice.Ec!.Agreement();
        var secret = own.DeriveRawSecretAgreement(other.PublicKey);

        Assert.Equal("VqqN6vgjbSBcIijNcacQGg", Base64UrlText.Encode(ConcatKdf.Derive(secret, "A128GCM", "Alice"u8, "Bob"u8, 16)));
    }

    private static void Check(string file, string name, string operation, string member)
    {
        using var vectors = Keys.Vectors(file);
        var vector = vectors.RootElement.EnumerateArray().Single(row => row.GetProperty("name").GetString() == name);
        var token = JsonEncodedText.Encode(vector.GetProperty("token").GetString()!);
        var key = OneLine(vector.GetProperty("key").GetRawText());

        using var answer = JsonDocument.Parse(
            JoseLineProtocol.Answer($$"""{"id":"{{name}}","op":"{{operation}}","{{member}}":"{{token}}","key":{{key}}}""")
        );

        Assert.Equal(name, answer.RootElement.GetProperty("id").GetString());
        if (vector.TryGetProperty("fault", out var fault))
        {
            Assert.False(answer.RootElement.GetProperty("ok").GetBoolean());
            Assert.Equal(fault.GetString(), answer.RootElement.GetProperty("error").GetString());
            return;
        }
        Assert.True(answer.RootElement.GetProperty("ok").GetBoolean(), answer.RootElement.GetRawText());
        Assert.Equal(vector.GetProperty("payload").GetString(), answer.RootElement.GetProperty("payload").GetString());
    }

    private static string OneLine(string json) => json.ReplaceLineEndings("");

    private static TheoryData<string> Names(string file)
    {
        using var vectors = Keys.Vectors(file);
        return [.. vectors.RootElement.EnumerateArray().Select(row => row.GetProperty("name").GetString()!)];
    }
}
