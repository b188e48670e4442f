using System.Text;
using Ostiary.Protocol.Jose;

namespace Ostiary.Protocol.Tests.Jose;

public sealed class JsonWebKeySetTests
{
    private static readonly string Good = Encoding.UTF8.GetString(Keys.Of("ES256").ToPublicUtf8());

    [Theory]
    [InlineData("""{"kty":"AKP","kid":"pq","pub":"AA"}""")]
    [InlineData("""{"kty":"OKP","crv":"X25519","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"}""")]
    [InlineData("""{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}""")]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}""")]
    [InlineData("""{"kty":"RSA","n":"AQAB","e":"AQAB"}""")]
    [InlineData("""{"kid":"no kind"}""")]
    [InlineData("{}")]
    [Trait("Spec", "RFC 7517 §5")]
    public void Leaves_out_keys_that_cannot_be_used(string other)
    {
        var set = Parse($$"""{"keys":[{{other}},{{Good}}],"more":1}""");

        Assert.Equal("k-ES256", Assert.Single(set.Keys).Kid);
        Assert.NotNull(set.Find("k-ES256", "ES256"));
        Assert.Null(set.Find("k-ES256", "RS256"));
        Assert.Null(set.Find("k-ES256", "none"));
        Assert.Null(set.Find("k-es256", "ES256"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"keys":{}}""")]
    [InlineData("""{"keys":null}""")]
    [InlineData("""{"keys":[1]}""")]
    [InlineData("""{"keys":[null]}""")]
    [InlineData("""{"keys":[[]]}""")]
    [InlineData("""{"keys":[],"keys":[]}""")]
    [InlineData("""{"KEYS":[]}""")]
    [InlineData("<html>")]
    [Trait("Spec", "RFC 7517 §5.1")]
    public void Refuses_documents_that_are_no_key_set(string text)
    {
        Assert.Equal(JoseFault.KeySetMalformed, Refuse(text));
    }

    // csharpier-ignore
    [Theory]
    [InlineData("""{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}""")]
    [InlineData("""{"kty":"EC","d":"AA"}""")]
    [InlineData("""{"kty":"RSA","p":"AA"}""")]
    [InlineData("""{"kty":"OKP","crv":"X25519","x":"AA","d":"AA"}""")]
    [InlineData("""{"kty":"AKP","priv":"AA"}""")]
    [InlineData("""{"kty":"EC","d":null}""")]
    [Trait("Spec", "RFC 7517 §9.2")]
    public void E37_refuses_secrets_in_a_public_set(string other)
    {
        Assert.Equal(JoseFault.PrivateKeyInPublicSet, Refuse($$"""{"keys":[{{Good}},{{other}}]}"""));
    }

    [Theory]
    [InlineData("""{"kty":"EC","kid":"twice"},{"kty":"EC","kid":"twice"}""", JoseFault.KeyIdDuplicate)]
    [InlineData("""{"kty":"EC","kid":"twice"},{"kty":"EC","k\u0069d":"tw\u0069ce"}""", JoseFault.KeyIdDuplicate)]
    [InlineData("""{"kty":"EC","kid":"twice"},{"kty":"RSA","kid":"twice"}""", JoseFault.None)]
    [InlineData("""{"kty":"EC"},{"kty":"EC"},{"kty":"EC","kid":1},{"kty":"EC","kid":1}""", JoseFault.None)]
    [Trait("Spec", "RFC 7517 §4.5")]
    public void E37_refuses_an_identifier_twice_even_for_keys_it_would_leave_out(string keys, JoseFault expected)
    {
        var parsed = JsonWebKeySet.TryParse(Encoding.UTF8.GetBytes($$"""{"keys":[{{keys}}]}"""), publicOnly: true, out _, out var fault);

        Assert.Equal((expected == JoseFault.None, expected), (parsed, fault));
    }

    [Fact]
    public void E37_refuses_too_many_keys_too_large_documents_and_repeated_identifiers()
    {
        Assert.Equal(JoseFault.KeySetTooLarge, Refuse($$"""{"keys":[{{string.Join(',', Enumerable.Repeat("{}", 101))}}]}"""));
        Assert.Equal(JoseFault.KeySetTooLarge, Refuse($$"""{"keys":[],"x":"{{new string('x', JsonWebKeySet.MaxLength)}}"}"""));
        Assert.Equal(JoseFault.KeyIdDuplicate, Refuse($$"""{"keys":[{{Good}},{{Good}}]}"""));
        var large = $$"""{"kty":"RSA","e":"AQAB","n":"{{Base64UrlText.Encode(Enumerable.Repeat((byte)0xFF, 2048).ToArray())}}"}""";
        Assert.Equal(JoseFault.KeyTooLarge, Keys.FaultOf(large));
        Assert.Empty(Parse($$"""{"keys":[{{large}}]}""").Keys);
    }

    [Fact]
    public void E37_refuses_points_that_are_not_on_the_curve()
    {
        foreach (var alg in new[] { "ES256", "ES384", "ES512" })
        {
            var json = Keys.ObjectOf(Keys.Of(alg));
            (json["x"], json["y"]) = (json["y"]!.GetValue<string>(), json["x"]!.GetValue<string>());
            Assert.Equal(JoseFault.KeyNotConsistent, Keys.FaultOf(json.ToJsonString()));
            var length = Keys.Of(alg).Ec!.Curve.FieldLength;
            (json["x"], json["y"]) = (Base64UrlText.Encode(new byte[length]), Base64UrlText.Encode(new byte[length]));
            Assert.Equal(JoseFault.KeyNotConsistent, Keys.FaultOf(json.ToJsonString()));
            json["x"] = Base64UrlText.Encode(Enumerable.Repeat((byte)0xFF, length).ToArray());
            Assert.Equal(JoseFault.KeyNotConsistent, Keys.FaultOf(json.ToJsonString()));
        }
    }

    [Fact]
    public void A_set_writes_what_it_reads()
    {
        var set = new JsonWebKeySet([Keys.Of("ES256"), Keys.Of("RS256")]);
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var writer = new System.Text.Json.Utf8JsonWriter(buffer))
            set.WritePublicTo(writer);

        var read = Parse(Encoding.UTF8.GetString(buffer.WrittenSpan));

        Assert.Equal(set.Keys.Select(key => key.Thumbprint()), read.Keys.Select(key => key.Thumbprint()));
        Assert.DoesNotContain(read.Keys, key => key.HasPrivate);
    }

    private static JsonWebKeySet Parse(string text)
    {
        Assert.True(JsonWebKeySet.TryParse(Encoding.UTF8.GetBytes(text), publicOnly: true, out var set, out var fault), fault.ToString());
        return set;
    }

    private static JoseFault Refuse(string text)
    {
        Assert.False(JsonWebKeySet.TryParse(Encoding.UTF8.GetBytes(text), publicOnly: true, out var set, out var fault));
        Assert.Null(set);
        return fault;
    }
}
