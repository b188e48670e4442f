using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Clients;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Clients;

/// <summary>private_key_jwt: a good assertion, changed in one thing.</summary>
public sealed class ClientAssertionAttackTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private TestServer Server => shared.Server;

    [Fact, Trait("Spec", "RFC 7523 §3"), Trait("Spec", "RFC 7523 §2.2")]
    public async Task A_good_assertion_is_good()
    {
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(Good())).Status);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(Good(("aud", $"[\"{Server.Issuer}\"]")))).Status); // C11
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(Good(), ("client_id", "pk"))).Status);
    }

    [Theory, Trait("Spec", "RFC 7523 §3")]
    [InlineData("aud", "\"ISSUER/token\"", "OST3014")] // C10
    [InlineData("aud", "[\"ISSUER\",\"https://other.test\"]", "OST3014")] // C11
    [InlineData("aud", "[\"ISSUER\",\"ISSUER\"]", "OST3014")]
    [InlineData("aud", "\"ISSUER/\"", "OST3014")] // C12
    [InlineData("aud", "\"ISSUER.evil\"", "OST3014")]
    [InlineData("aud", "\"https://other.test\"", "OST3014")]
    [InlineData("aud", null, "OST3014")]
    [InlineData("jti", null, "OST3018")] // C15
    [InlineData("jti", "\"\"", "OST3018")]
    [InlineData("exp", null, "OST3015")] // C16
    [InlineData("exp", "0", "OST3015")]
    [InlineData("exp", "NOW-10", "OST3015")]
    [InlineData("exp", "NOW+311", "OST3017")]
    [InlineData("exp", "253402300799", "OST3017")] // C18
    [InlineData("nbf", "NOW+61", "OST3016")] // C17
    [InlineData("iat", "NOW+61", "OST3016")]
    [InlineData("nbf", "NOW+11", "OST3016")]
    [InlineData("iss", "\"web\"", "OST3013")] // C19
    [InlineData("iss", null, "OST3013")]
    [InlineData("iss", "\"\"", "OST3013")]
    public async Task C10_to_C19_refuses_other_claims(string name, string? json, string code) =>
        (await SendAsync(Good((name, Filled(json))))).ShouldBeRefused("invalid_client", code, HttpStatusCode.Unauthorized);

    [Theory, Trait("Spec", "RFC 7523 §3"), Trait("Spec", "RFC 7519 §4.1")]
    [InlineData("exp", "\"123\"")]
    [InlineData("exp", "-1")]
    [InlineData("exp", "1e400")]
    [InlineData("exp", "9007199254740992000")]
    [InlineData("exp", "true")]
    [InlineData("exp", "NOW,\"exp\":1")]
    [InlineData("jti", "1")]
    [InlineData("jti", "\"\\ud800\"")]
    [InlineData("sub", "\"pk\",\"sub\":\"web\"")]
    [InlineData("aud", "{}")]
    [InlineData("aud", "[]")]
    [InlineData("aud", "[[\"ISSUER\"]]")]
    public async Task C15_C16_and_E24_refuses_claims_of_another_kind(string name, string json)
    {
        // Nothing of such a text is used, not even to find the client.
        (await SendAsync(Good((name, Filled(json))), ("client_id", "pk"))).ShouldBeRefused("invalid_client", "OST3011", HttpStatusCode.Unauthorized);
        (await SendAsync(Good((name, Filled(json))))).ShouldBeRefused("invalid_client", "OST3001", HttpStatusCode.Unauthorized);
    }

    [Fact, Trait("Spec", "RFC 7523 §3")]
    public async Task C15_refuses_a_jti_of_absurd_length()
    {
        (await SendAsync(Good(("jti", "\"" + new string('j', 257) + "\"")))).ShouldBeRefused(
            "invalid_client",
            "OST3018",
            HttpStatusCode.Unauthorized
        );
    }

    [Theory, Trait("Spec", "RFC 7523 §3")]
    [InlineData("nbf", "NOW+9")] // C17
    [InlineData("iat", "NOW+9")]
    [InlineData("exp", "NOW-9")]
    [InlineData("exp", "NOW+300")]
    [InlineData("exp", "NOW+60.9")]
    [InlineData("iat", null)]
    public async Task C17_takes_clocks_that_differ_a_little(string name, string? json) =>
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(Good((name, Filled(json))))).Status);

    [Fact, Trait("Spec", "RFC 7523 §3")]
    public async Task C13_and_C14_an_assertion_is_good_once_whatever_the_endpoint()
    {
        var assertion = Good();
        (string, string)[] form = [("token", "x"), ("client_assertion", assertion), ("client_assertion_type", ClientAuthentication.AssertionType)];
        using var nobody = new TokenClient(Server, "pk", secret: null);

        Assert.Equal(HttpStatusCode.OK, (await nobody.PostAsync("/introspect", form)).Status);
        (await nobody.PostAsync("/introspect", form)).ShouldBeRefused("invalid_client", "OST3019", HttpStatusCode.Unauthorized);
        (await SendAsync(assertion)).ShouldBeRefused("invalid_client", "OST3019", HttpStatusCode.Unauthorized);
    }

    [Fact, Trait("Spec", "RFC 7523 §3")]
    public async Task C14_of_fifty_at_one_instant_one_succeeds()
    {
        var assertion = Good();

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => SendAsync(assertion)));

        Assert.Single(answers, a => a.Status == HttpStatusCode.OK);
        Assert.Equal(49, answers.Count(a => a.Code == "OST3019"));
    }

    [Theory, Trait("Spec", "RFC 7521 §4.2"), Trait("Spec", "RFC 7523 §2.2")]
    [InlineData("")]
    [InlineData("urn:ietf:params:oauth:client-assertion-type:saml2-bearer")]
    public async Task C20_refuses_another_assertion_type(string type)
    {
        var answer = await shared.Robot.SendAsync(RequestOf(Good(), type));

        answer.ShouldBeRefused("invalid_request", "OST3010");
    }

    [Fact, Trait("Spec", "RFC 7523 §3"), Trait("Spec", "RFC 8725 §3.1")]
    public async Task C21_to_C25_and_E01_to_E07_refuses_every_other_signature()
    {
        var claims = Forge.AssertionClaims(Server);
        var key = SharedServer.ClientKey;
        var publicJwk = key.ToPublicUtf8();
        using var spki = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = PointOf(key) });
        var pem = Encoding.ASCII.GetBytes(spki.ExportSubjectPublicKeyInfoPem());
        var own = await shared.TokensAsync();
        string Hmac(byte[] secret) => Forge.Jwt("""{"alg":"HS256","typ":"JWT","kid":"pk-1"}""", claims, input => HMACSHA256.HashData(secret, input));
        string Es(string header, byte[]? signature = null) => Forge.Jwt(header, claims, _ => signature ?? new byte[64]);
        string[] forged =
        [
            Es("""{"alg":"none","typ":"JWT"}""", []), // E01
            Es("""{"alg":"None","typ":"JWT"}""", []),
            Es("""{"alg":"","typ":"JWT"}""", []),
            Es("""{"typ":"JWT"}""", []),
            Es("""{"alg":null}""", []),
            Es("""{"alg":["ES256"],"kid":"pk-1"}"""),
            Es("""{"alg":"ES256","alg":"none","kid":"pk-1"}""", []), // E23
            Hmac(pem), // C21, E02
            Hmac([.. pem, (byte)'\n']),
            Hmac(spki.ExportSubjectPublicKeyInfo()),
            Hmac(publicJwk),
            Hmac([]), // E36
            Hmac(Encoding.UTF8.GetBytes(TestServer.WebSecret)), // C22
            Es("""{"alg":"ES256","typ":"JWT","kid":"pk-1"}"""), // E04
            Es("""{"alg":"ES256","typ":"JWT","kid":"pk-1"}""", []),
            Es("""{"alg":"ES256","typ":"JWT","kid":"pk-1"}""", new byte[63]),
            Forge.Signed(SharedServer.ForeignKey, "ES256", "JWT", claims),
            Forge.Signed(JsonWebKey.Generate("RS256", "pk-1"), "RS256", "JWT", claims), // C23
            Forge.Signed(JsonWebKey.Generate("ES384", "pk-1"), "ES384", "JWT", claims), // E05
            Forge.Signed(key, "ES256", "at+jwt", claims), // E29
            Forge.Signed(key, "ES256", "dpop+jwt", claims),
            Embedded(claims), // E07
            WithHeader(claims, "\"crit\":[\"bork\"],\"bork\":1"), // E12
            WithHeader(claims, "\"b64\":false,\"crit\":[\"b64\"]"), // E13
            WithHeader(claims, "\"zip\":\"DEF\",\"crit\":[\"zip\"]"),
            WithHeader(claims, "\"kid\":\"../../../dev/null\""), // E09
            WithHeader(claims, "\"kid\":\"' OR 1=1--\""),
            WithHeader(claims, "\"kid\":7"),
            own["id_token"]!, // C24, C25
            own["access_token"]!,
        ];

        foreach (var assertion in forged)
        {
            var answer = await SendAsync(assertion, ("client_id", "pk"));
            Assert.True(answer.Code is "OST3012" or "OST3011" or "OST3004", answer.Code + " for " + Forge.Part(assertion, 0));
            Assert.True(answer.Status is HttpStatusCode.Unauthorized or HttpStatusCode.BadRequest);
        }
    }

    [Fact, Trait("Spec", "RFC 7515 §2"), Trait("Spec", "RFC 7515 §7.1")]
    public async Task E20_to_E22_refuses_other_spellings()
    {
        var good = Good();
        var parts = good.Split('.');
        string[] others =
        [
            "",
            ".",
            "..",
            parts[0],
            parts[0] + "." + parts[1],
            good + ".",
            good + ".x.y",
            "." + good,
            new string('.', 60_000),
            good + "=",
            good + "\n",
            " " + good,
            good.Replace('.', ','),
            JsonSerializer.Serialize(
                new
                {
                    payload = parts[1],
                    @protected = parts[0],
                    signature = parts[2],
                }
            ),
        ];

        foreach (var other in others)
        {
            var answer = await SendAsync(other, ("client_id", "pk"));
            Assert.True(answer.Code is "OST3012" or "OST3011" or "OST3001", answer.Code + " for " + other[..Math.Min(40, other.Length)]);
        }
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(good)).Status);
    }

    [Fact, Trait("Spec", "RFC 6749 §2.3")]
    public async Task C19_refuses_an_assertion_beside_another_client_id()
    {
        (await SendAsync(Good(), ("client_id", "web"))).ShouldBeRefused("invalid_request", "OST3004");
        (await SendAsync(Good(("sub", "\"m2m\""), ("iss", "\"m2m\"")))).ShouldBeRefused("invalid_client", "OST3007", HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task E34_what_is_forged_and_expired_is_called_forged()
    {
        var claims = Forge.AssertionClaims(Server, ("exp", "1"));

        (await SendAsync(Forge.Signed(SharedServer.ForeignKey, "ES256", "JWT", claims))).ShouldBeRefused(
            "invalid_client",
            "OST3012",
            HttpStatusCode.Unauthorized
        );
    }

    [Fact, Trait("Spec", "RFC 7523 §3")]
    public async Task C10_the_token_endpoint_as_audience_is_a_setting_of_the_client()
    {
        var jwk = Encoding.UTF8.GetString(SharedServer.ClientKey.ToPublicUtf8());
        await Server.AddClientAsync(
            $$$"""{"client_id":"old","type":"service","scope":"read","token_endpoint_auth_method":"private_key_jwt","assertion_audience":"any","jwks":{"keys":[{{{jwk}}}]}}"""
        );
        string Claims(string aud) => Forge.AssertionClaims(Server, ("iss", "\"old\""), ("sub", "\"old\""), ("aud", aud));

        Assert.Equal(
            HttpStatusCode.OK,
            (await SendAsync(Forge.Signed(SharedServer.ClientKey, "ES256", "JWT", Claims($"\"{Server.Issuer}/token\"")))).Status
        );
        (await SendAsync(Forge.Signed(SharedServer.ClientKey, "ES256", "JWT", Claims($"\"{Server.Issuer}/tokens\"")))).ShouldBeRefused(
            "invalid_client",
            "OST3014",
            HttpStatusCode.Unauthorized
        );
    }

    [Theory]
    [InlineData("ES256")]
    [InlineData("ES384")]
    [InlineData("ES512")]
    [InlineData("PS256")]
    [InlineData("PS384")]
    [InlineData("PS512")]
    [InlineData("RS256")]
    [InlineData("RS384")]
    [InlineData("RS512")]
    public async Task J22_every_announced_algorithm_works(string algorithm)
    {
        var key = JsonWebKey.Generate(algorithm, "k");
        var id = "pk-" + algorithm;
        await Server.AddClientAsync(
            $$$"""{"client_id":"{{{id}}}","type":"service","scope":"read","token_endpoint_auth_method":"private_key_jwt","jwks":{"keys":[{{{Encoding.UTF8.GetString(key.ToPublicUtf8())}}}]}}"""
        );
        var claims = Forge.AssertionClaims(Server, ("iss", $"\"{id}\""), ("sub", $"\"{id}\""));

        Assert.Equal(HttpStatusCode.OK, (await SendAsync(Forge.Signed(key, algorithm, "JWT", claims))).Status);
    }

    private string Good(params (string Name, string? Json)[] changes) =>
        Forge.Signed(SharedServer.ClientKey, "ES256", "JWT", Forge.AssertionClaims(Server, changes));

    private string? Filled(string? json)
    {
        var now = Server.Time.Now.ToUnixTimeSeconds();
        if (json?.StartsWith("NOW", StringComparison.Ordinal) == true && json.Length > 3 && json[3] is '+' or '-')
        {
            var number = decimal.Parse(json![3..], System.Globalization.CultureInfo.InvariantCulture);
            return (now + number).ToString(System.Globalization.CultureInfo.InvariantCulture);
        }
        return json?.Replace("NOW", $"{now}", StringComparison.Ordinal).Replace("ISSUER", Server.Issuer, StringComparison.Ordinal);
    }

    private static string Embedded(string claims)
    {
        using var signer = JwsSigner.CreateWithEmbeddedKey(SharedServer.ForeignKey, "ES256");
        return signer.Sign("JWT", Encoding.UTF8.GetBytes(claims));
    }

    /// <summary>Signed by the right key, with one more member in the header.</summary>
    private static string WithHeader(string claims, string member)
    {
        using var ec = ECDsa.Create(
            new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = PointOf(SharedServer.ClientKey),
                D = PartOf(SharedServer.ClientKey, "d"),
            }
        );
        var header = member.Contains("\"kid\"", StringComparison.Ordinal)
            ? $"{{\"alg\":\"ES256\",\"typ\":\"JWT\",{member}}}"
            : $"{{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"pk-1\",{member}}}";
        return Forge.Jwt(header, claims, input => ec.SignData(input, HashAlgorithmName.SHA256));
    }

    private static ECPoint PointOf(JsonWebKey key) => new() { X = PartOf(key, "x"), Y = PartOf(key, "y") };

    private static byte[] PartOf(JsonWebKey key, string name)
    {
        using var json = JsonDocument.Parse(key.ToPrivateUtf8());
        Assert.True(Base64UrlText.TryDecode(json.RootElement.GetProperty(name).GetString(), out var bytes));
        return bytes;
    }

    private async Task<Answer> SendAsync(string assertion, params (string, string)[] more)
    {
        using var request = RequestOf(assertion, ClientAuthentication.AssertionType, more);
        return await shared.Robot.SendAsync(request);
    }

    private HttpRequestMessage RequestOf(string assertion, string type, params (string, string)[] more) =>
        new(HttpMethod.Post, Server.Issuer + "/token")
        {
            Content = new StringContent(
                Ask.Encode([("grant_type", "client_credentials"), ("client_assertion", assertion), ("client_assertion_type", type), .. more]),
                Encoding.UTF8,
                "application/x-www-form-urlencoded"
            ),
        };
}
