using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;

namespace Ostiary.Protocol.Dpop;

/// <summary>How the nonce of a proof stands, where its receiver knows nonces.</summary>
public enum NonceStanding
{
    /// <summary>None is demanded, and none was sent.</summary>
    Absent,

    /// <summary>It is one of ours, and young.</summary>
    Good,

    /// <summary>It is demanded and missing, or is no good any more. RFC 9449 §8</summary>
    Wanted,
}

/// <summary>What a proof must be for.</summary>
/// <param name="Method">The HTTP method of the request that it came with.</param>
/// <param name="Target">The address of that request as it is configured, never as the Host header has it.</param>
/// <param name="Earliest">Older ones are refused, whatever their age: what was used before a restore is not known. Null: no such time.</param>
/// <param name="AccessToken">The token that it came with; null at the token endpoint.</param>
/// <param name="Alias">The same endpoint at the address for clients with certificates; null: there is none. RFC 8705 §5</param>
public sealed record DpopExpectation(
    string Method,
    string Target,
    NonceStanding Nonce = NonceStanding.Absent,
    DateTimeOffset? Earliest = null,
    string? AccessToken = null,
    string? Alias = null
);

/// <summary>A request that may come with a proof.</summary>
public interface IProofRequest
{
    DpopProof? Proof { get; }
}

public interface IProofFacts
{
    DpopExpectation Expected { get; }
}

/// <summary>Whether a DPoP proof holds, wherever it is sent. Without a proof all of it holds; who needs one says so in a rule of its own. RFC 9449 §4.3</summary>
public static class DpopRules
{
    /// <summary>How far the clock of a client may be ahead. RFC 9449 §11.2</summary>
    public static readonly TimeSpan Ahead = TimeSpan.FromSeconds(10);

    /// <summary>How old a proof may be. RFC 9449 §11.1</summary>
    public static readonly TimeSpan Age = TimeSpan.FromSeconds(60);

    /// <summary>Until when a proof must be remembered so that it is used once: from then on it is refused for its age.</summary>
    public static DateTimeOffset UsedUntil(DpopProof proof)
    {
        ArgumentNullException.ThrowIfNull(proof);
        return proof.IssuedAt!.Value + Age + TimeSpan.FromSeconds(1);
    }

    // The cheap ones first, the signature last. The numbers are those of the checks in the specification.
    // csharpier-ignore
    public static readonly RuleList<IProofRequest, IProofFacts> All = new("dpop.proof")
    {
        { "the DPoP header occurs once",                            Reason.ProofRepeated,         "RFC 9449 §4.3",  (r, f, now) => r.Proof is not { Repeated: true } },          // 1
        { "the proof is one JWT",                                   Reason.ProofMalformed,        "RFC 9449 §4.3",  (r, f, now) => r.Proof is not { Malformed: true } },         // 2
        { "it has jti, htm, htu and iat",                           Reason.ProofMalformed,        "RFC 9449 §4.2",  (r, f, now) => r.Proof is not { HasClaims: false } },        // 3
        { "its typ is dpop+jwt",                                    Reason.ProofTypeWrong,        "RFC 9449 §4.3",  (r, f, now) => r.Proof is not { HasType: false } },          // 4
        { "its algorithm is an asymmetric one of ours",             Reason.ProofAlgorithmRefused, "RFC 9449 §4.3",  (r, f, now) => r.Proof is not { HasAlgorithm: false } },     // 5
        { "its header has a key, and only the public part",         Reason.ProofKeyRefused,       "RFC 9449 §4.3",  (r, f, now) => r.Proof is not { Key: null } },               // 7
        { "htm is the method of the request",                       Reason.ProofMethodWrong,      "RFC 9449 §4.3",  (r, f, now) => r.Proof is null || r.Proof.Method == f.Expected.Method }, // 8
        { "htu is the address of the request",                      Reason.ProofTargetWrong,      "RFC 9449 §4.3",  (r, f, now) => r.Proof is null || IsTarget(r.Proof.Target!, f.Expected.Target) || (f.Expected.Alias is { } alias && IsTarget(r.Proof.Target!, alias)) }, // 9
        { "ath is the hash of the access token",                    Reason.ProofTokenWrong,       "RFC 9449 §4.3",  (r, f, now) => r.Proof is null || f.Expected.AccessToken is not { } token || r.Proof.TokenHash == DpopProof.HashOf(token) }, // 12
        { "its nonce is a young one of ours, where one is demanded", Reason.ProofNonceWanted,     "RFC 9449 §8",    (r, f, now) => r.Proof is null || f.Expected.Nonce != NonceStanding.Wanted }, // 10
        { "it was made within the last minute, and not ahead",      Reason.ProofTimeWrong,        "RFC 9449 §11.1", (r, f, now) => r.Proof is null || IsFresh(r.Proof, now) },   // 11
        { "it was made after the last restore",                     Reason.ProofTimeWrong,        "RFC 9449 §11.1", (r, f, now) => r.Proof is null || f.Expected.Earliest is not { } earliest || r.Proof.IssuedAt >= earliest },
        { "it is signed by that key",                               Reason.ProofSignatureInvalid, "RFC 9449 §4.3",  (r, f, now) => r.Proof is null || r.Proof.SignatureHolds() }, // 6
    };

    private static bool IsTarget(string sent, string expected) =>
        sent == expected || (HttpTarget.Normalize(sent) is { } target && target == HttpTarget.Normalize(expected));

    private static bool IsFresh(DpopProof proof, DateTimeOffset now) =>
        proof.IssuedAt <= now + Ahead
        && now <= proof.IssuedAt + Age
        && (proof.ExpiresAt is null || now < proof.ExpiresAt + Ahead)
        && (proof.NotBefore is null || proof.NotBefore <= now + Ahead);
}
