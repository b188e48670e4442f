using System.Net;
using Ostiary.Protocol.Dpop;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Conformance;

public sealed partial class Fapi2DpopPlanTests
{
    private static readonly string[] DemandedClaims = ["jti", "htm", "htu", "iat", "ath"];

    [
        Fact,
        Trait("Module", "fapi2-security-profile-final-dpop-negative-tests"),
        Trait("Spec", "RFC 9449 §4.3"),
        Trait("Spec", "RFC 9449 §7.1"),
        Trait("Spec", "RFC 9449 §7.2")
    ]
    public async Task fapi2_security_profile_final_dpop_negative_tests()
    {
        using var flow = await StartAsync();
        var client = One(flow);
        var token = (await flow.SignInAsync(client)).AccessToken;
        string Proof(params (string Name, string? Json)[] changes) => client.Prover.Proof("GET", "/userinfo", token, changes);

        foreach (var (what, bad) in WrongProofs(client.Prover, Proof, flow.Server))
            await RefusesAsync(what, [("DPoP", bad)]);
        await RefusesAsync("two proofs", [("DPoP", Proof()), ("DPoP", Proof())]);
        await RefusesAsync("no proof", []);
        await RefusesAsync("another key", [("DPoP", new Prover(flow.Server).Proof("GET", "/userinfo", token))]);
        var used = Proof();
        Assert.Equal(HttpStatusCode.OK, (await client.CallAsync(token, "DPoP", ("DPoP", used))).Status);
        await RefusesAsync("a proof that was used", [("DPoP", used)]);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.CallAsync(token, "Bearer", ("DPoP", Proof()))).Status);

        var address = flow.Server.Issuer + "/userinfo";
        await AcceptsAsync("the name of the header in capitals", ("DPOP", Proof()));
        await AcceptsAsync("a query and a fragment in htu", ("DPoP", Proof(("htu", $"\"{address}?a=b#c\""))));
        await AcceptsAsync(
            "scheme and host in capitals",
            ("DPoP", Proof(("htu", $"\"{address.Replace("http://", "HTTP://", StringComparison.Ordinal)}\"")))
        );
        await AcceptsAsync("an unknown claim", ("DPoP", Proof(("unknown", "\"claim\""))));
        await AcceptsAsync("a good one at last", ("DPoP", Proof()));

        async Task RefusesAsync(string what, (string, string)[] headers)
        {
            var answer = await client.CallAsync(token, "DPoP", headers);
            Assert.True(answer.Status is HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized, $"{what}: {(int)answer.Status}");
        }

        async Task AcceptsAsync(string what, (string, string) header)
        {
            var answer = await client.CallAsync(token, "DPoP", header);
            Assert.True(answer.Status == HttpStatusCode.OK, $"{what}: {(int)answer.Status} {answer.Code}");
        }
    }

    /// <summary>Proofs that are wrong in one thing.</summary>
    private static IEnumerable<(string What, string Proof)> WrongProofs(
        Prover prover,
        Func<(string Name, string? Json)[], string> proof,
        TestServer server
    )
    {
        var now = server.Time.Now.ToUnixTimeSeconds();
        var good = proof([]);
        var claims = Forge.Part(good, 1);
        yield return ("two parts", good[..good.LastIndexOf('.')]);
        foreach (var claim in DemandedClaims)
            yield return ("no " + claim, proof([(claim, null)]));
        yield return ("wrong typ", Header(prover.Key, "ES256", "JWT", claims));
        yield return ("no typ", Header(prover.Key, "ES256", "", claims));
        yield return ("no jwk", Forge.Signed(prover.Key, "ES256", DpopProof.Type, claims));
        var rsa = JsonWebKey.Generate("RS256", "rsa");
        yield return ("another key, by RS256", Header(rsa, "RS256", DpopProof.Type, claims));
        yield return ("alg none", Forge.Jwt("""{"typ":"dpop+jwt","alg":"none"}""", claims, _ => []));
        yield return ("a broken signature", good[..^4] + (good.EndsWith("AAAA", StringComparison.Ordinal) ? "BBBB" : "AAAA"));
        yield return ("wrong htm", proof([("htm", "\"POST\"")]));
        yield return ("wrong htu", proof([("htu", "\"https://other.example/userinfo\"")]));
        yield return ("an hour old", proof([("iat", $"{now - 3600}")]));
        yield return ("an hour ahead", proof([("iat", $"{now + 3600}")]));
        yield return ("wrong ath", proof([("ath", $"\"{DpopProof.HashOf("another token")}\"")]));
    }

    private static string Header(JsonWebKey key, string alg, string typ, string claims)
    {
        using var signer = JwsSigner.CreateWithEmbeddedKey(key, alg);
        return signer.Sign(typ, System.Text.Encoding.UTF8.GetBytes(claims));
    }
}
