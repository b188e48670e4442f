using System.Text;
using Ostiary.Protocol.Jose;

namespace Ostiary.Protocol.Tests.Jose;

public sealed class Base64UrlTextTests
{
    [Fact]
    [Trait("Spec", "RFC 7515 §2")]
    public void Every_length_survives_a_round_trip()
    {
        for (var length = 0; length < 200; length++)
        {
            var value = Entropy.Bytes(length);
            var text = Base64UrlText.Encode(value);
            Assert.True(Base64UrlText.TryDecode(text, out byte[]? fromChars));
            Assert.True(Base64UrlText.TryDecode(Encoding.ASCII.GetBytes(text), out byte[]? fromBytes));
            Assert.Equal(value, fromChars);
            Assert.Equal(value, fromBytes);
        }
    }

    // E22: one value, one spelling.
    [Theory]
    [InlineData("QQ==")]
    [InlineData("QQ=")]
    [InlineData("Q Q")]
    [InlineData("Q\nQ")]
    [InlineData(" QQ")]
    [InlineData("QQ\r\n")]
    [InlineData("QR")]
    [InlineData("QUJ")]
    [InlineData("Q")]
    [InlineData("QUJDR")]
    [InlineData("+/+/")]
    [InlineData("%51Q")]
    [InlineData("QQ\0")]
    [InlineData("ＱＱ")]
    [InlineData("QQ.")]
    [Trait("Spec", "RFC 7515 §2")]
    public void E22_refuses_every_other_spelling(string text)
    {
        Assert.False(Base64UrlText.TryDecode(text, out byte[]? fromChars));
        Assert.False(Base64UrlText.TryDecode(Encoding.UTF8.GetBytes(text), out byte[]? fromBytes));
        Assert.Null(fromChars);
        Assert.Null(fromBytes);
    }

    [Fact]
    [Trait("Spec", "RFC 7515 §2")]
    public void E22_no_two_texts_decode_to_one_value()
    {
        const string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= ";
        var seen = new HashSet<string>();
        foreach (var first in alphabet)
        {
            foreach (var second in alphabet)
            {
                if (Base64UrlText.TryDecode([first, second], out byte[]? value))
                    Assert.True(seen.Add(Convert.ToHexString(value)));
            }
        }
        Assert.Equal(256, seen.Count);
    }
}
