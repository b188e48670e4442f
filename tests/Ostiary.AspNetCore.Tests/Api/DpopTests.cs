using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Ostiary.AspNetCore.Api;
using Ostiary.Protocol;
using Ostiary.Protocol.Dpop;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;

namespace Ostiary.AspNetCore.Tests.Api;

public sealed class DpopTests
{
    private static readonly JsonWebKey Mine = JsonWebKey.Generate("ES256", "mine");
    private static readonly JsonWebKey Other = JsonWebKey.Generate("ES256", "other");

    private static Task<ApiUnderTest> StartAsync(Action<ApiOptions>? configure = null) =>
        ApiUnderTest.StartAsync(o =>
        {
            o.Address = "https://notes.example/v1";
            configure?.Invoke(o);
        });

    private static string Bound(ApiUnderTest api) => api.Issuer.AccessToken(c => c["cnf"] = new JsonObject { ["jkt"] = Mine.Thumbprint() });

    private static string Proof(ApiUnderTest api, string token, Action<JsonObject>? change = null, JsonWebKey? key = null)
    {
        var claims = new JsonObject
        {
            ["jti"] = Entropy.Text(12),
            ["htm"] = "GET",
            ["htu"] = "https://notes.example/v1/read",
            ["iat"] = api.Issuer.Now,
            ["ath"] = DpopProof.HashOf(token),
        };
        change?.Invoke(claims);
        using var signer = JwsSigner.CreateWithEmbeddedKey(key ?? Mine, "ES256");
        return signer.Sign("dpop+jwt", Encoding.UTF8.GetBytes(claims.ToJsonString()));
    }

    private static async Task<HttpResponseMessage> SendAsync(ApiUnderTest api, string token, string? proof, string scheme = "DPoP")
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, api.Url + "/read?page=2");
        request.Headers.TryAddWithoutValidation("Authorization", $"{scheme} {token}");
        if (proof is not null)
            request.Headers.Add("DPoP", proof);
        return await http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static async Task RefusesAsync(ApiUnderTest api, Reason reason, Task<HttpResponseMessage> sent)
    {
        using var response = await sent;
        Assert.Equal((HttpStatusCode.Unauthorized, reason), (response.StatusCode, api.Checks[^1].Verdict.Refused));
        Assert.StartsWith($"DPoP error=\"{Refusal.For(reason).Error}\"", ApiUnderTest.ChallengeOf(response), StringComparison.Ordinal);
        Assert.Contains("algs=\"ES256", ApiUnderTest.ChallengeOf(response), StringComparison.Ordinal);
    }

    [Theory, Trait("Spec", "RFC 9449 §7"), Trait("Spec", "RFC 9449 §7.1")]
    [InlineData("DPoP")]
    [InlineData("dpop")]
    public async Task Takes_a_bound_token_from_its_holder(string scheme)
    {
        await using var api = await StartAsync();
        var token = Bound(api);

        using var response = await SendAsync(api, token, Proof(api, token), scheme);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.False(response.Headers.Contains("DPoP-Nonce"));
    }

    [Fact, Trait("Spec", "RFC 9449 §7.1"), Trait("Spec", "RFC 9449 §7.2"), Trait("Spec", "RFC 9449 §11.1")]
    public async Task F02_to_F09_refuses_everybody_else()
    {
        await using var api = await StartAsync();
        var token = Bound(api);

        await RefusesAsync(api, Reason.BoundTokenAsBearer, SendAsync(api, token, null, "Bearer"));
        await RefusesAsync(api, Reason.BoundTokenAsBearer, SendAsync(api, token, Proof(api, token), "Bearer"));
        var free = api.Issuer.AccessToken();
        await RefusesAsync(api, Reason.UnboundTokenAsBound, SendAsync(api, free, Proof(api, free)));
        await RefusesAsync(api, Reason.ProofMissing, SendAsync(api, token, null));
        await RefusesAsync(api, Reason.TokenOfAnotherKey, SendAsync(api, token, Proof(api, token, key: Other)));
        await RefusesAsync(api, Reason.ProofTokenWrong, SendAsync(api, token, Proof(api, token, c => c.Remove("ath"))));
        await RefusesAsync(api, Reason.ProofTokenWrong, SendAsync(api, token, Proof(api, free)));
        await RefusesAsync(api, Reason.ProofMethodWrong, SendAsync(api, token, Proof(api, token, c => c["htm"] = "POST")));
        await RefusesAsync(api, Reason.ProofTargetWrong, SendAsync(api, token, Proof(api, token, c => c["htu"] = api.Url + "/read")));
        await RefusesAsync(api, Reason.ProofTimeWrong, SendAsync(api, token, Proof(api, token, c => c["iat"] = api.Issuer.Now - 61)));
        var used = Proof(api, token);
        using (var first = await SendAsync(api, token, used))
            Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        await RefusesAsync(api, Reason.ProofReplayed, SendAsync(api, token, used));
        api.Clock.Advance(TimeSpan.FromSeconds(60));
        await RefusesAsync(api, Reason.ProofReplayed, SendAsync(api, token, used));
        api.Clock.Advance(TimeSpan.FromSeconds(1));
        await RefusesAsync(api, Reason.ProofTimeWrong, SendAsync(api, token, used));
    }

    [Fact, Trait("Spec", "RFC 9449 §11.1")]
    public async Task F09_nodes_that_share_a_memory_take_a_proof_once()
    {
        var seen = new HashSet<string>();
        void Share(ApiOptions o) => o.TryUseProof = (name, until, ct) => ValueTask.FromResult(seen.Add(name));
        await using var first = await StartAsync(Share);
        await using var second = await StartAsync(Share);
        var proof = Proof(first, Bound(first));
        using var taken = await SendAsync(first, Bound(first), proof);

        var token = Bound(second);
        var stolen = Proof(second, token);
        using var ok = await SendAsync(second, token, stolen);
        Assert.Equal(HttpStatusCode.OK, ok.StatusCode);
        await RefusesAsync(second, Reason.ProofReplayed, SendAsync(second, token, stolen));
    }

    [Fact, Trait("Spec", "RFC 9449 §8"), Trait("Spec", "RFC 9449 §8.2")]
    public async Task F11_asks_for_a_nonce_where_one_is_configured()
    {
        await using var api = await StartAsync(o => o.DpopNonceKey = new byte[32]);
        var token = Bound(api);

        using var first = await SendAsync(api, token, Proof(api, token));
        Assert.Equal(Reason.ProofNonceWanted, api.Checks[^1].Verdict.Refused);
        var nonce = first.Headers.GetValues("DPoP-Nonce").Single();
        using var second = await SendAsync(api, token, Proof(api, token, c => c["nonce"] = nonce));
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
    }

    [Fact, Trait("Spec", "RFC 9700 §2.2.1")]
    public async Task An_API_that_demands_bound_tokens_takes_no_other_and_says_so()
    {
        await using var api = await StartAsync(o => o.RequireDpop = true);
        var token = Bound(api);

        await RefusesAsync(api, Reason.ProofMissing, SendAsync(api, api.Issuer.AccessToken(), null, "Bearer"));
        using var taken = await SendAsync(api, token, Proof(api, token));
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        using var nothing = await api.GetAsync(null);
        Assert.StartsWith("DPoP algs=", ApiUnderTest.ChallengeOf(nothing), StringComparison.Ordinal);
    }

    [Fact, Trait("Spec", "RFC 8705 §3")]
    public async Task F21_a_token_bound_to_a_certificate_is_not_taken_without_it()
    {
        await using var api = await StartAsync();
        using var response = await api.GetAsync(api.Issuer.AccessToken(c => c["cnf"] = new JsonObject { ["x5t#S256"] = Mine.Thumbprint() }));
        await api.AssertRefusedAsync(Reason.TokenOfAnotherKey, response);
    }

    [Fact]
    public void Options_that_cannot_work_are_refused()
    {
        foreach (var address in new[] { "notes.example", "https://notes.example/", "https://notes.example?x" })
            Assert.Throws<ArgumentException>(() => Options(o => o.Address = address).Validate());
        Assert.Throws<ArgumentException>(() => Options(o => o.DpopNonceKey = new byte[8]).Validate());
    }

    private static ApiOptions Options(Action<ApiOptions> change)
    {
        var options = new ApiOptions { Issuer = "https://id.example", Audience = "https://api.example" };
        options.Validate();
        change(options);
        return options;
    }
}
