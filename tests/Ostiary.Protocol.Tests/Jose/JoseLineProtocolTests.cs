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

    [Theory]
    [InlineData("jws.json", "verify", "jws")]
    [InlineData("jwe.json", "decrypt", "jwe")]
    public void E39_no_mutation_throws_and_none_makes_another_token_pass(string file, string operation, string member)
    {
        using var vectors = Keys.Vectors(file);
        var rows = vectors.RootElement.EnumerateArray().Where(row => !row.TryGetProperty("fault", out _)).ToArray();
        var lines = rows.Select(row =>
                $$"""{"id":1,"op":"{{operation}}","key":{{row.GetProperty("key").GetRawText().ReplaceLineEndings("")}},"{{member}}":"{{row.GetProperty("token").GetString()}}"}"""
            )
            .ToArray();
        var state = 1u;
        for (var i = 0; i < 2000; i++)
        {
            var line = Mutate(lines[Next(ref state, lines.Length)], ref state);
            using var answer = JsonDocument.Parse(JoseLineProtocol.Answer(line));
            if (!answer.RootElement.GetProperty("ok").GetBoolean())
                continue;
            using var request = JsonDocument.Parse(line);
            var token = request.RootElement.GetProperty(member).GetString();
            Assert.Contains(rows, row => row.GetProperty("token").GetString() == token);
        }
    }

    private static string Mutate(string line, ref uint state)
    {
        const string alphabet = "{}[]\":,.\\u0dAZaz09-_=+/ \n\0eE1248é";
        var text = new StringBuilder(line);
        for (var changes = 1 + Next(ref state, 3); changes > 0; changes--)
        {
            var at = Next(ref state, text.Length);
            switch (Next(ref state, 4))
            {
                case 0:
                    text[at] = alphabet[Next(ref state, alphabet.Length)];
                    break;
                case 1:
                    text.Remove(at, Math.Min(text.Length - at, 1 + Next(ref state, 20)));
                    break;
                case 2:
                    text.Insert(at, alphabet[Next(ref state, alphabet.Length)]);
                    break;
                default:
                    var from = Next(ref state, text.Length);
                    text.Insert(at, text.ToString(from, Math.Min(40, text.Length - from)));
                    break;
            }
        }
        return text.ToString();
    }

    // The same numbers in every run, so that a failure can be repeated.
    private static int Next(ref uint state, int limit)
    {
        state = state * 1664525 + 1013904223;
        return (int)((state >> 8) % (uint)limit);
    }

    private static string Ask(int id, string token, string key) =>
        JoseLineProtocol.Answer($$"""{"id":{{id}},"op":"verify","jws":"{{token}}","key":{{key}}}""");
}
