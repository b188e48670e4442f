using Ostiary.Protocol.Reasons;

namespace Ostiary.Protocol.Dpop;

/// <summary>How an API tells that it takes DPoP tokens, and why it did not take this one. RFC 9449 §7.1</summary>
public static class DpopChallenge
{
    private static readonly string Algs = string.Join(' ', DpopProof.Algorithms);

    public static string Of(Reason? refused = null)
    {
        if (refused is not { } reason || Refusal.For(reason) is not { Error.Length: > 0 } refusal)
            return $"DPoP algs=\"{Algs}\"";
        return $"DPoP error=\"{refusal.Error}\", error_description=\"{refusal.Text}\", algs=\"{Algs}\"";
    }

    /// <summary>At an API all of these are about authorization: 401, whatever they are at the token endpoint. RFC 9449 §7.1</summary>
    public static bool IsOfProof(Reason reason) => reason is >= Reason.ProofMissing and <= Reason.ProofReplayed;

    /// <summary>The status of a refusal at an API.</summary>
    public static int StatusOf(Reason reason) => IsOfProof(reason) ? 401 : Refusal.For(reason).Status;
}
