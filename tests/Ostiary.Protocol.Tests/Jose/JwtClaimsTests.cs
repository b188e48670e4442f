using System.Text;
using Ostiary.Protocol.Jose;

namespace Ostiary.Protocol.Tests.Jose;

public sealed class JwtClaimsTests
{
    [Fact]
    [Trait("Spec", "RFC 7519 §4.1")]
    [Trait("Spec", "RFC 7519 §4.1.3")]
    public void Reads_claims_of_the_right_type()
    {
        var claims = Parse("""{"iss":"https://as.test","aud":["a","b"],"exp":1300819380,"iat":1300819379.9,"n":5,"x":null}""");

        Assert.Equal("https://as.test", claims.String("iss"));
        Assert.Equal(["a", "b"], claims.Audience!);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1300819380), Date(claims, "exp"));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1300819379), Date(claims, "iat"));
        Assert.Null(Date(claims, "nbf"));
        Assert.Null(claims.String("n"));
        Assert.Null(claims.String("x"));
        Assert.Null(claims.String("absent"));
        Assert.True(claims.Has("x"));
        Assert.False(claims.Has("ISS"));
        Assert.Equal(["one"], Parse("""{"aud":"one"}""").Audience!);
        Assert.Null(Parse("{}").Audience);
    }

    // csharpier-ignore
    [Theory]
    [InlineData("""{"sub":1}""")]
    [InlineData("""{"sub":null}""")]
    [InlineData("""{"sub":["alice"]}""")]
    [InlineData("""{"iss":["https://as.test"]}""")]
    [InlineData("""{"iss":{}}""")]
    [InlineData("""{"jti":1}""")]
    [InlineData("""{"aud":1}""")]
    [InlineData("""{"aud":{}}""")]
    [InlineData("""{"aud":[]}""")]
    [InlineData("""{"aud":[["a"]]}""")]
    [InlineData("""{"aud":["a",null]}""")]
    [InlineData("""{"aud":["a",1]}""")]
    [InlineData("""{"aud":null}""")]
    [InlineData("""{"exp":"1300819380"}""")]
    [InlineData("""{"exp":true}""")]
    [InlineData("""{"exp":{}}""")]
    [InlineData("""{"exp":[1]}""")]
    [InlineData("""{"exp":null}""")]
    [InlineData("""{"nbf":"0"}""")]
    [InlineData("""{"iat":""}""")]
    [Trait("Spec", "RFC 7519 §4.1")]
    [Trait("Spec", "RFC 7519 §2")]
    public void E24_refuses_claims_of_another_type(string payload) => Refuse(payload);

    // csharpier-ignore
    [Theory]
    [InlineData("1e400")]
    [InlineData("-1e400")]
    [InlineData("9223372036854775807")]
    [InlineData("9223372036854775808")]
    [InlineData("18446744073709551616")]
    [InlineData("253402300800")]
    [InlineData("253402300800.5")]
    [InlineData("2.6e11")]
    [InlineData("-1")]
    [InlineData("-0")]
    [InlineData("-0.5")]
    [InlineData("-1e0")]
    [InlineData("-0e0")]
    [InlineData("1.00000000000000000000000000000000000000000e1")]
    [InlineData("NaN")]
    [InlineData("1e99999999999999999999999999")]
    [Trait("Spec", "RFC 7519 §2")]
    public void E25_refuses_numbers_that_are_no_date(string number) => Refuse($$"""{"exp":{{number}}}""");

    // csharpier-ignore
    [Theory]
    [InlineData("0", 0)]
    [InlineData("0.0", 0)]
    [InlineData("1.9", 1)]
    [InlineData("1.99999999999999999999999999999999999999", 1)]
    [InlineData("253402300799", 253402300799)]
    [InlineData("253402300799.99999999999999999999999999999", 253402300799)]
    [InlineData("1e3", 1000)]
    [InlineData("1.3008193805E9", 1300819380)]
    [InlineData("19e-1", 1)]
    [InlineData("1e-20", 0)]
    [Trait("Spec", "RFC 7519 §2")]
    public void E25_cuts_fractions_exactly(string number, long seconds)
    {
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(seconds), Date(Parse($$"""{"exp":{{number}}}"""), "exp"));
    }

    [Theory]
    [InlineData("""{"exp":1,"exp":2}""")]
    [InlineData("""{"aud":"a","aud":"b"}""")]
    [InlineData("""{"sub":"a","sub":"a"}""")]
    [InlineData("""{"cnf":{"jkt":"a","jkt":"b"}}""")]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [Trait("Spec", "RFC 7519 §7.2")]
    public void E23_refuses_repeated_claims_and_what_is_no_object(string payload) => Refuse(payload);

    [Fact]
    public void E26_strings_are_compared_as_they_were_written()
    {
        Refuse("""{"sub":"\ud800"}""");
        Refuse($$"""{"sub":"{{new string('s', 1_000_000)}}"}""");
        Assert.Equal("a\0b", Parse("""{"sub":"a\u0000b"}""").String("sub"));
        Assert.NotEqual(Parse("""{"sub":"\u00e9"}""").String("sub"), Parse("""{"sub":"e\u0301"}""").String("sub"));
    }

    private static DateTimeOffset? Date(JwtClaims claims, string name)
    {
        Assert.True(claims.TryNumericDate(name, out var date));
        return date;
    }

    private static JwtClaims Parse(string payload)
    {
        Assert.True(JwtClaims.TryParse(Encoding.UTF8.GetBytes(payload), out var claims, out var fault), fault.ToString());
        return claims;
    }

    private static void Refuse(string payload)
    {
        Assert.False(JwtClaims.TryParse(Encoding.UTF8.GetBytes(payload), out var claims, out var fault));
        Assert.Null(claims);
        Assert.Equal(JoseFault.ClaimsMalformed, fault);
    }
}
