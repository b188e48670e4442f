using System.Text;
using System.Text.Json;
using Ostiary.Protocol.Jose;

namespace Ostiary.Protocol.Tests.Jose;

public sealed class JoseLineProtocolTests
{
    [Fact]
    public void Answers_with_the_payload_as_hexadecimal()
    {
        var (token, key) = JwsMutationTests.Valid("ES256");
        var jwk = Encoding.UTF8.GetString(key.ToPublicUtf8());
        var payload = Convert.ToHexStringLower("""{"iss":"https://as.test","sub":"alice"}"""u8);

        Assert.Equal($$"""{"id":7,"ok":true,"payload":"{{payload}}"}""", Ask(7, token, jwk));
        Assert.Equal($$"""{"id":7,"ok":true,"payload":"{{payload}}"}""", Ask(7, token, $$"""{"keys":[{{jwk}}]}"""));
        Assert.Equal("""{"id":7,"ok":false,"error":"KeyNotFound"}""", Ask(7, token, """{"keys":[]}"""));
        Assert.Equal("""{"id":7,"ok":false,"error":"KeyMalformed"}""", Ask(7, token, "{}"));
        Assert.Equal("""{"id":7,"ok":false,"error":"NotCompact"}""", Ask(7, "x", jwk));
        Assert.Equal(
            $$"""{"id":"a+<é>","ok":true,"value":"{{key.Thumbprint()}}"}""",
            JoseLineProtocol.Answer($$"""{"id":"a+<é>","op":"thumbprint","key":{{jwk}}}""")
        );
    }

    // csharpier-ignore
    [Theory]
    [InlineData("", "null")]
    [InlineData("x", "null")]
    [InlineData("[]", "null")]
    [InlineData("{}", "null")]
    [InlineData("""{"id":1}""", "1")]
    [InlineData("""{"id":1,"op":"sign","key":{}}""", "1")]
    [InlineData("""{"id":1,"op":"verify","key":{}}""", "1")]
    [InlineData("""{"id":1,"op":"verify","jws":1,"key":{}}""", "1")]
    [InlineData("""{"id":1,"op":"decrypt","jws":"a.b.c","key":{}}""", "1")]
    [InlineData("""{"id":1,"op":["verify"],"jws":"a.b.c","key":{}}""", "1")]
    [InlineData("""{"id":"twice","op":"verify","op":"verify","jws":"a.b.c","key":{}}""", "\"twice\"")]
    [InlineData("""{"id":"\ud800","op":"verify","jws":"a.b.c","key":{}}""", "null")]
    [InlineData("""{"id":"good","op":"verify","jws":"\ud800","key":{}}""", "\"good\"")]
    [InlineData("\0\ud800", "null")]
    public void Malformed_lines_are_answered_too(string line, string id)
    {
        Assert.Equal($$"""{"id":{{id}},"ok":false,"error":"RequestMalformed"}""", JoseLineProtocol.Answer(line));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"key\"")]
    [InlineData("{\"keys\":{}}")]
    public void Malformed_keys_are_answered_too(string key)
    {
        using var answer = JsonDocument.Parse(Ask(1, "a.b.c", key));

        Assert.False(answer.RootElement.GetProperty("ok").GetBoolean());
    }

    private static string Ask(int id, string token, string key) =>
        JoseLineProtocol.Answer($$"""{"id":{{id}},"op":"verify","jws":"{{token}}","key":{{key}}}""");
}
