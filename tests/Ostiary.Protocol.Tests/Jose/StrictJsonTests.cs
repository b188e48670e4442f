using System.Text;
using Ostiary.Protocol.Jose;

namespace Ostiary.Protocol.Tests.Jose;

public sealed class StrictJsonTests
{
    // csharpier-ignore
    [Theory]
    [InlineData("{}")]
    [InlineData(" {\"a\" : [1, 2.5e3, -0, true, null, \"x\"]}\r\n")]
    [InlineData("""{"a":{"x":1},"b":{"x":1},"A":1}""")]
    [InlineData("""{"a":"\ud83d\ude00","\\u":"\\ud800","b":"\\\\ud800"}""")]
    [InlineData("""{"a":"😀 é \u0000"}""")]
    [InlineData("""{"":1}""")]
    public void Accepts_plain_objects(string text)
    {
        Assert.True(StrictJson.TryParseObject(Encoding.UTF8.GetBytes(text), out var document));
        document.Dispose();
    }

    // csharpier-ignore
    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData("null")]
    [InlineData("\"{}\"")]
    [InlineData("{}{}")]
    [InlineData("{}x")]
    [InlineData("\ufeff{}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{\"a\":[1,]}")]
    [InlineData("{/**/}")]
    [InlineData("{\"a\":1//\n}")]
    [InlineData("{'a':1}")]
    [InlineData("{a:1}")]
    [InlineData("{\"a\":NaN}")]
    [InlineData("{\"a\":Infinity}")]
    [InlineData("{\"a\":+1}")]
    [InlineData("{\"a\":01}")]
    [InlineData("{\"a\":.5}")]
    [InlineData("{\"a\":\"\t\"}")]
    [InlineData("{\"a\":\"\0\"}")]
    [InlineData("{}\0")]
    [InlineData("""{"a":"\x41"}""")]
    [InlineData("""{"a":"\u12"}""")]
    [InlineData("""{"a":"\u 123"}""")]
    [InlineData("""{"a":1,"a":1}""")]
    [InlineData("""{"a":1,"\u0061":1}""")]
    [InlineData("""{"x":{"a":1,"a":1}}""")]
    [InlineData("""{"x":[{"a":1,"b":2,"a":1}]}""")]
    [InlineData("""{"a":"\ud800"}""")]
    [InlineData("""{"a":"\udc00"}""")]
    [InlineData("""{"a":"\ud800x"}""")]
    [InlineData("""{"a":"\ud800\ud800\udc00"}""")]
    [InlineData("""{"a":"\ud83d\n\ude00"}""")]
    [InlineData("""{"a":"\ude00\ud83d"}""")]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""{"a":"\ud83d","b":"\ude00"}""")]
    [InlineData("\\")]
    [InlineData("{\"a\":\"\\")]
    [InlineData("{\"a\":\"\\u")]
    public void E23_E26_refuses_everything_that_parsers_read_differently(string text)
    {
        Assert.False(StrictJson.TryParseObject(Encoding.UTF8.GetBytes(text), out var document));
        Assert.Null(document);
    }

    [Fact]
    public void Refuses_bytes_that_are_not_utf8()
    {
        byte[][] wrong =
        [
            [0xC0, 0xAF],
            [0xED, 0xA0, 0x80],
            [0xFF],
            [0xE2, 0x82],
            [0xF4, 0x90, 0x80, 0x80],
        ];
        foreach (var bytes in wrong)
            Assert.False(StrictJson.TryParseObject((byte[])[.. "{\"a\":\""u8, .. bytes, .. "\"}"u8], out _));
        Assert.False(StrictJson.TryParseObject(Encoding.Unicode.GetBytes("{}"), out _));
        Assert.False(StrictJson.TryParseObject(Encoding.Unicode.GetPreamble(), out _));
    }

    [Fact]
    public void Bounds_depth_and_length()
    {
        byte[] Nested(int depth) =>
            Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", depth - 1)) + "{}" + new string('}', depth - 1));

        Assert.True(StrictJson.TryParseObject(Nested(16), out _));
        Assert.False(StrictJson.TryParseObject(Nested(17), out _));
        Assert.True(StrictJson.TryParseObject(Nested(17), out _, maxDepth: 17));
        Assert.False(StrictJson.TryParseObject(Nested(9000), out _));
        var large = Encoding.ASCII.GetBytes("{\"a\":\"" + new string('x', StrictJson.DefaultLength) + "\"}");
        Assert.False(StrictJson.TryParseObject(large, out _));
        Assert.True(StrictJson.TryParseObject(large, out _, maxLength: large.Length));
    }
}
