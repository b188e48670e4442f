using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Protocol.Dpop;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Configuration;

namespace Ostiary.Server.Senders;

/// <summary>Reads the proof of a request, says what it must be for, and uses it up. <see cref="DpopRules"/> decides.</summary>
public sealed class Proofs
{
    private readonly Issuer _issuer;
    private readonly DpopNonces _nonces;

    internal Proofs(Issuer issuer) => (_issuer, _nonces) = (issuer, new DpopNonces(issuer.Master.Derive("dpop-nonce")));

    private sealed record Request(DpopProof? Proof) : IProofRequest;

    private sealed record Facts(DpopExpectation Expected) : IProofFacts;

    /// <summary>Without a proof all of it holds, whatever the request is for.</summary>
    private static readonly Verdict Unproven = DpopRules.All.Judge(new Request(null), new Facts(new("", "")), default);

    public static DpopProof? Read(HttpContext http) => DpopProof.Read(http.Request.Headers[DpopProof.Header]);

    /// <summary>
    /// Judges the proof of a request to the endpoint at <paramref name="path"/> and uses it up. Allowed without a key: there was no proof.
    /// </summary>
    public async ValueTask<(Verdict Verdict, SenderKey? Key)> JudgeAsync(HttpContext http, string path, Snapshot snapshot, DateTimeOffset now)
    {
        var proof = Read(http);
        if (proof is null)
            return (Unproven, null);
        var verdict = DpopRules.All.Judge(new Request(proof), new Facts(Expect(http, proof, path, snapshot, now)), now);
        if (!verdict.Allowed)
            return (verdict, null);
        verdict = await UseUpAsync(verdict, proof, now, http.RequestAborted);
        return (verdict, verdict.Allowed ? proof.Key : null);
    }

    /// <summary>What a proof must be for; offers the present nonce with the answer, where the client should know it. RFC 9449 §8.2, RFC 9449 §9</summary>
    public DpopExpectation Expect(HttpContext http, DpopProof? proof, string path, Snapshot snapshot, DateTimeOffset now, string? accessToken = null)
    {
        var nonce = _nonces.StandingOf(proof?.Nonce, snapshot.Settings.RequireDpopNonce, now);
        if (proof is not null && nonce != NonceStanding.Absent)
            http.Response.Headers[DpopProof.NonceHeader] = _nonces.Current(now);
        return new(http.Request.Method, _issuer.Url.At(path), nonce, snapshot.Fence?.Since, accessToken, _issuer.MutualTls.At(_issuer.Url, path));
    }

    /// <summary>Of all requests with the same proof, on whatever node, one gets through. RFC 9449 §11.1</summary>
    public async ValueTask<Verdict> UseUpAsync(Verdict verdict, DpopProof proof, DateTimeOffset now, CancellationToken ct) =>
        await _issuer.Stores.OneTime.TryAddOnceAsync(proof.OnceKey, DpopRules.UsedUntil(proof), now, ct)
            ? verdict
            : verdict with
            {
                Refused = Reason.ProofReplayed,
            };
}
