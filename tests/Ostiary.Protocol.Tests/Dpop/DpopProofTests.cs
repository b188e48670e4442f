using System.Buffers.Text;
using System.Text;
using Ostiary.Protocol.Dpop;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Protocol.Tests.Dpop;

public sealed class DpopProofTests
{
    private const string OfTheSpecification =
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_562_262_616);
    private static readonly JsonWebKey Ec = JsonWebKey.Generate("ES256", "k");
    private static readonly DpopExpectation Token = new("POST", "https://server.example.com/token");

    private sealed record Request(DpopProof? Proof) : IProofRequest;

    private sealed record Facts(DpopExpectation Expected) : IProofFacts;

    private static Reason? Judge(string proof, DpopExpectation? expected = null, double later = 0) =>
        DpopRules.All.Judge(new Request(DpopProof.Read([proof])), new Facts(expected ?? Token), Now.AddSeconds(later)).Refused;

    private static string Claims(
        string more = "",
        string iat = "1562262616",
        string htu = "https://server.example.com/token",
        string jti = "\"j\""
    ) => $$"""{"jti":{{jti}},"htm":"POST","htu":"{{htu}}","iat":{{iat}}{{more}}}""";

    private static string Signed(string claims, JsonWebKey? key = null, string alg = "ES256", string typ = "dpop+jwt")
    {
        using var signer = JwsSigner.CreateWithEmbeddedKey(key ?? Ec, alg);
        return signer.Sign(typ, Encoding.UTF8.GetBytes(claims));
    }

    private static string WithHeader(string header) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header)) + Signed(Claims())[Signed(Claims()).IndexOf('.', StringComparison.Ordinal)..];

    [Fact, Trait("Spec", "RFC 9449 §4.2"), Trait("Spec", "RFC 9449 §4.3"), Trait("Spec", "RFC 9449 §6.1")]
    public void Takes_the_proof_of_the_specification()
    {
        Assert.Null(Judge(OfTheSpecification));
        var key = DpopProof.Read([OfTheSpecification])!.Key;
        Assert.Equal("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", key!.Thumbprint);
        Assert.Equal("jkt", key.Member);
    }

    [Fact, Trait("Spec", "RFC 9449 §4.3")]
    public void A_header_that_is_known_vouches_for_no_other_signature()
    {
        var key = JsonWebKey.Generate("ES256", "often");
        Assert.Null(Judge(Signed(Claims(jti: "\"1\""), key)));
        Assert.Null(Judge(Signed(Claims(jti: "\"2\""), key)));
        var third = Signed(Claims(jti: "\"3\""), key);
        var (header, payload, signature) = (third.Split('.')[0], third.Split('.')[1], third.Split('.')[2]);
        var other = Signed(Claims(jti: "\"4\""), key).Split('.');
        Assert.Equal(Reason.ProofSignatureInvalid, Judge($"{header}.{payload}.{other[2]}"));
        Assert.Equal(Reason.ProofSignatureInvalid, Judge($"{header}.{payload}."));
        Assert.Equal(Reason.ProofMalformed, Judge($"{header}.{payload}.{signature}="));
        Assert.Equal(Reason.ProofMalformed, Judge($"{header}.{payload}.{signature}.{signature}"));
        Assert.Equal(Reason.ProofMalformed, Judge($"{header}.{payload}"));
        Assert.Null(Judge(third));
    }

    [Fact, Trait("Spec", "RFC 9449 §4.3")]
    public void More_keys_than_are_remembered_are_taken()
    {
        var first = JsonWebKey.Generate("ES256", "first");
        Assert.Null(Judge(Signed(Claims(), first)));
        for (var i = 0; i < (2 * ProofHeaders.HalfSize) + 1; i++)
            Assert.Null(Judge(Signed(Claims(), JsonWebKey.Generate("ES256", "one"))));
        Assert.Null(Judge(Signed(Claims(), first)));
    }

    [Fact, Trait("Spec", "RFC 9449 §7.1")]
    public void The_hash_of_a_token_is_that_of_the_specification() =>
        Assert.Equal("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo", DpopProof.HashOf("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"));

    [Fact, Trait("Spec", "RFC 9449 §4.3")]
    public void Without_a_proof_nothing_is_refused() =>
        Assert.True(DpopRules.All.Judge(new Request(DpopProof.Read([])), new Facts(Token), Now).Allowed);

    [Fact, Trait("Spec", "RFC 9449 §4.3")]
    public void F13_two_proofs_are_none()
    {
        var two = DpopProof.Read([OfTheSpecification, OfTheSpecification]);
        Assert.Equal(Reason.ProofRepeated, DpopRules.All.Judge(new Request(two), new Facts(Token), Now).Refused);
        Assert.Equal(Reason.ProofMalformed, Judge(OfTheSpecification + "," + OfTheSpecification));
        Assert.Equal(Reason.ProofMalformed, Judge(OfTheSpecification + ", " + OfTheSpecification));
    }

    [Theory, Trait("Spec", "RFC 9449 §4.2"), Trait("Spec", "RFC 9449 §4.3")]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("a.b")]
    [InlineData("a.b.c.d.e")]
    [InlineData("....")]
    public void What_is_no_JWT_is_refused(string text) => Assert.Equal(Reason.ProofMalformed, Judge(text));

    [Theory, Trait("Spec", "RFC 9449 §4.2")]
    [InlineData("""{"htm":"POST","htu":"https://server.example.com/token","iat":1562262616}""")]
    [InlineData("""{"jti":"j","htu":"https://server.example.com/token","iat":1562262616}""")]
    [InlineData("""{"jti":"j","htm":"POST","iat":1562262616}""")]
    [InlineData("""{"jti":"j","htm":"POST","htu":"https://server.example.com/token"}""")]
    [InlineData("""{"jti":"","htm":"POST","htu":"https://server.example.com/token","iat":1562262616}""")]
    [InlineData("""{"jti":"j","htm":1,"htu":"https://server.example.com/token","iat":1562262616}""")]
    [InlineData("""{"jti":"j","htm":"POST","htu":["https://server.example.com/token"],"iat":1562262616}""")]
    [InlineData("""{"jti":"j","htm":"POST","htu":"https://server.example.com/token","iat":"1562262616"}""")]
    [InlineData("""{"jti":"j","htm":"POST","htu":"https://server.example.com/token","iat":1562262616.5}""")]
    [InlineData("""{"jti":"j","htm":"POST","htu":"https://server.example.com/token","iat":1562262616,"nonce":7}""")]
    [InlineData("""{"jti":"j","htm":"POST","htu":"https://server.example.com/token","iat":1562262616,"ath":{}}""")]
    public void F10_claims_that_are_missing_or_of_another_kind_are_refused(string claims) =>
        Assert.Equal(Reason.ProofMalformed, Judge(Signed(claims)));

    [Fact, Trait("Spec", "RFC 9449 §4.3")]
    public void A_jti_of_any_reasonable_length_is_taken_and_a_longer_one_not()
    {
        Assert.Null(Judge(Signed(Claims(jti: $"\"{new string('j', 256)}\""))));
        Assert.Equal(Reason.ProofMalformed, Judge(Signed(Claims(jti: $"\"{new string('j', 257)}\""))));
    }

    [Fact, Trait("Spec", "RFC 9449 §4.3")]
    public void F14_another_typ_is_refused()
    {
        Assert.Equal(Reason.ProofTypeWrong, Judge(Signed(Claims(), typ: "JWT")));
        Assert.Equal(Reason.ProofTypeWrong, Judge(Signed(Claims(), typ: "")));
        Assert.Equal(Reason.ProofTypeWrong, Judge(Signed(Claims(), typ: "at+jwt")));
        Assert.Null(Judge(Signed(Claims(), typ: "application/dpop+jwt")));
    }

    [Fact, Trait("Spec", "RFC 9449 §4.3")]
    public void F12_no_signature_a_shared_secret_and_old_RSA_are_refused()
    {
        var jwk = Base64Url.DecodeFromChars(Signed(Claims()).Split('.')[0]);
        var header = Encoding.UTF8.GetString(jwk);
        foreach (var alg in new[] { "none", "HS256", "RS256", "ES256K" })
            Assert.Equal(Reason.ProofAlgorithmRefused, Judge(WithHeader(header.Replace("ES256", alg, StringComparison.Ordinal))));
    }

    [Theory, Trait("Spec", "RFC 9449 §4.3")]
    [InlineData("""{"typ":"dpop+jwt","alg":"ES256"}""")]
    [InlineData("""{"typ":"dpop+jwt","alg":"ES256","jwk":"text"}""")]
    [InlineData("""{"typ":"dpop+jwt","alg":"ES256","jwk":{}}""")]
    [InlineData("""{"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}""")]
    [InlineData("""{"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}}""")]
    [InlineData(
        """{"typ":"dpop+jwt","alg":"EdDSA","jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}}"""
    )]
    public void F12_a_header_without_a_public_key_is_refused(string header) => Assert.Equal(Reason.ProofKeyRefused, Judge(WithHeader(header)));

    [Fact, Trait("Spec", "RFC 9449 §4.3")]
    public void F12_a_private_key_in_the_header_is_refused()
    {
        var jwk = Encoding.UTF8.GetString(Ec.ToPrivateUtf8());
        Assert.Equal(Reason.ProofKeyRefused, Judge(WithHeader($$"""{"typ":"dpop+jwt","alg":"ES256","jwk":{{jwk}}}""")));
    }

    [Fact, Trait("Spec", "RFC 9449 §4.3")]
    public void A_signature_of_another_key_or_over_other_claims_is_refused()
    {
        var (mine, other) = (Signed(Claims()).Split('.'), Signed(Claims(), JsonWebKey.Generate("ES256", "o")).Split('.'));
        Assert.Equal(Reason.ProofSignatureInvalid, Judge($"{other[0]}.{mine[1]}.{mine[2]}"));
        Assert.Equal(Reason.ProofSignatureInvalid, Judge($"{mine[0]}.{Signed(Claims(jti: "\"k\"")).Split('.')[1]}.{mine[2]}"));
        var header = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(mine[0]));
        Assert.Equal(Reason.ProofSignatureInvalid, Judge(WithHeader(header.Replace("ES256", "PS256", StringComparison.Ordinal))));
        Assert.Equal(Reason.ProofSignatureInvalid, Judge(WithHeader(header.Insert(1, "\"crit\":[\"x\"],\"x\":1,"))));
    }

    [Fact, Trait("Spec", "RFC 9449 §4.3")]
    public void Every_listed_algorithm_that_can_be_signed_here_is_taken()
    {
        foreach (var alg in DpopProof.Algorithms.Where(a => a is not ("EdDSA" or "Ed25519")))
            Assert.Null(Judge(Signed(Claims(), JsonWebKey.Generate(alg, "k"), alg)));
    }

    [Theory, Trait("Spec", "RFC 9449 §4.3")]
    [InlineData("GET")]
    [InlineData("post")]
    public void F06_another_method_is_refused(string method) =>
        Assert.Equal(Reason.ProofMethodWrong, Judge(Signed(Claims()), Token with { Method = method }));

    [Theory, Trait("Spec", "RFC 9449 §4.3")]
    [InlineData("https://server.example.com/token?x=1")]
    [InlineData("https://server.example.com/token#y")]
    [InlineData("HTTPS://SERVER.example.COM:443/token")]
    [InlineData("https://server.example.com/%74oken")]
    [InlineData("https://server.example.com/a/../token")]
    public void F08_another_spelling_of_the_address_is_taken(string htu) => Assert.Null(Judge(Signed(Claims(htu: htu))));

    [Theory, Trait("Spec", "RFC 9449 §4.3")]
    [InlineData("https://server.example.com/Token")]
    [InlineData("https://server.example.com/token/")]
    [InlineData("https://server.example.com/token%2Fx")]
    [InlineData("https://server.example.com:8443/token")]
    [InlineData("http://server.example.com/token")]
    [InlineData("https://evil.example/token")]
    [InlineData("https://server.example.com@evil.example/token")]
    [InlineData("https://x@server.example.com/token")]
    [InlineData("https:\\\\server.example.com\\\\token")]
    [InlineData("https://server.example.com /token")]
    [InlineData("https://server.example.com/%zz/../token")]
    [InlineData("/token")]
    [InlineData("")]
    public void F07_another_address_is_refused(string htu) => Assert.Equal(Reason.ProofTargetWrong, Judge(Signed(Claims(htu: htu))));

    [Theory, Trait("Spec", "RFC 9449 §11.1"), Trait("Spec", "RFC 9449 §11.2")]
    [InlineData(-11, false)]
    [InlineData(-10, true)]
    [InlineData(10, true)]
    [InlineData(60, true)]
    [InlineData(61, false)]
    [InlineData(301, false)]
    public void F10_and_F20_a_proof_lives_a_minute_and_is_hardly_ahead(double age, bool taken) =>
        Assert.Equal(taken ? null : Reason.ProofTimeWrong, Judge(Signed(Claims()), later: age));

    [Fact, Trait("Spec", "RFC 9449 §11.1")]
    public void What_a_proof_says_of_its_own_time_holds_too()
    {
        Assert.Null(Judge(Signed(Claims(""","exp":1562262626,"nbf":1562262610"""))));
        Assert.Equal(Reason.ProofTimeWrong, Judge(Signed(Claims(""","exp":1562262600"""))));
        Assert.Equal(Reason.ProofTimeWrong, Judge(Signed(Claims(""","nbf":1562262690"""))));
        Assert.Equal(Reason.ProofTimeWrong, Judge(Signed(Claims()), Token with { Earliest = Now.AddSeconds(1) }));
    }

    [Fact, Trait("Spec", "RFC 9449 §8")]
    public void F11_a_nonce_that_is_wanted_is_asked_for() =>
        Assert.Equal(Reason.ProofNonceWanted, Judge(Signed(Claims()), Token with { Nonce = NonceStanding.Wanted }));

    [Fact, Trait("Spec", "RFC 9449 §4.3")]
    public void F05_the_hash_of_the_token_must_be_there_and_right()
    {
        var use = Token with { AccessToken = "the token" };
        Assert.Equal(Reason.ProofTokenWrong, Judge(Signed(Claims()), use));
        Assert.Equal(Reason.ProofTokenWrong, Judge(Signed(Claims($",\"ath\":\"{DpopProof.HashOf("another")}\"")), use));
        Assert.Null(Judge(Signed(Claims($",\"ath\":\"{DpopProof.HashOf("the token")}\"")), use));
    }

    [Fact, Trait("Spec", "RFC 9449 §11.1")]
    public void A_proof_is_used_up_under_one_key_of_one_length()
    {
        var (a, b) = (DpopProof.Read([Signed(Claims())])!, DpopProof.Read([Signed(Claims(), JsonWebKey.Generate("ES256", "o"))])!);
        Assert.Equal(a.OnceKey, DpopProof.Read([Signed(Claims(htu: "https://other.example/"))])!.OnceKey);
        Assert.NotEqual(a.OnceKey, b.OnceKey);
        Assert.True(a.OnceKey.Length < 64);
        Assert.True(DpopRules.UsedUntil(a) > a.IssuedAt + DpopRules.Age);
    }
}
