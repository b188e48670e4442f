using System.Numerics;
using Ostiary.Protocol.Jose;

namespace Ostiary.Protocol.Tests.Jose;

public sealed class Ed25519Tests
{
    // csharpier-ignore
    private static readonly (string Key, string Message, string Signature)[] Examples =
    [
        ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "", "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
        ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72", "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82", "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    ];

    [Fact]
    [Trait("Spec", "RFC 8032 §5.1.4")]
    public void Verifies_the_examples_and_refuses_every_flipped_bit()
    {
        foreach (var (key, message, signature) in Examples)
        {
            var (a, m, s) = (Convert.FromHexString(key), Convert.FromHexString(message), Convert.FromHexString(signature));
            Assert.True(Ed25519.Verify(a, m, s));
            Assert.False(Ed25519.Verify(a, [.. m, 0], s));
            for (var bit = 0; bit < s.Length * 8; bit += 3)
            {
                s[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.False(Ed25519.Verify(a, m, s));
                s[bit / 8] ^= (byte)(1 << (bit % 8));
            }
            for (var bit = 0; bit < a.Length * 8; bit += 5)
            {
                a[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.False(Ed25519.Verify(a, m, s));
                a[bit / 8] ^= (byte)(1 << (bit % 8));
            }
            Assert.False(Ed25519.Verify(a, m, s.AsSpan(0, 63)));
            Assert.False(Ed25519.Verify(a, m, [.. s, 0]));
            Assert.False(Ed25519.Verify(a, m, []));
        }
    }

    [Fact]
    [Trait("Spec", "RFC 8032 §5.1.7")]
    public void Refuses_the_same_signature_with_the_order_added()
    {
        var order = BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493");
        var (key, message, signature) = Examples[0];
        var bytes = Convert.FromHexString(signature);
        var s = new BigInteger(bytes.AsSpan(32), isUnsigned: true) + order;
        Assert.True(s.TryWriteBytes(bytes.AsSpan(32), out _, isUnsigned: true));

        Assert.False(Ed25519.Verify(Convert.FromHexString(key), Convert.FromHexString(message), bytes));
    }

    // Points of small order, and spellings of points that are not canonical.
    [Theory]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000080")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000080")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    [InlineData("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")]
    [InlineData("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85")]
    [InlineData("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")]
    [InlineData("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa")]
    [InlineData("0200000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("")]
    [InlineData("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f70751")]
    [Trait("Spec", "RFC 8032 §5.1.3")]
    public void Refuses_public_keys_that_are_no_use(string encoded)
    {
        var key = Convert.FromHexString(encoded);
        Assert.False(Ed25519.IsPublicKey(key));
        // With the identity as the key, R = S·B verifies for every message.
        byte[] forged = [1, .. new byte[63]];
        Assert.False(Ed25519.Verify(key, "anything"u8, forged));
        Keys.FaultOf($$"""{"kty":"OKP","crv":"Ed25519","x":"{{Base64UrlText.Encode(key)}}"}""");
    }

    [Theory]
    [InlineData("EdDSA", null, true)]
    [InlineData("EdDSA", "EdDSA", true)]
    [InlineData("EdDSA", "Ed25519", false)]
    [InlineData("EdDSA", "ES256", false)]
    [Trait("Spec", "RFC 9864 §2.2")]
    [Trait("Spec", "RFC 8037 §3.1")]
    public void The_name_of_the_algorithm_must_be_the_one_of_the_key(string ofToken, string? ofKey, bool expected)
    {
        var (token, key) = JwsMutationTests.Valid("EdDSA");
        Assert.StartsWith("{\"alg\":\"" + ofToken, Keys.HeaderOf(token), StringComparison.Ordinal);
        var json = Keys.ObjectOf(key);
        if (ofKey is not null)
            json["alg"] = ofKey;
        var parsed = JsonWebKey.TryParse(System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()), out var named, out _);

        Assert.Equal(expected, parsed && Jws.TryVerify(token, named!, Keys.Any, out _, out JoseFault _));
    }
}
