using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;

namespace Ostiary.Protocol.Dpop;

/// <summary>A request that presents an access token.</summary>
public interface ITokenUse : IProofRequest
{
    /// <summary>Whether the scheme of the Authorization header was DPoP; otherwise the token came as a bearer token, wherever it stood.</summary>
    bool AsDpop { get; }

    /// <summary>The certificate of the TLS client; null where it has shown none.</summary>
    SenderKey? Certificate { get; }
}

public interface ITokenUseFacts : IProofFacts
{
    /// <summary>The <c>cnf</c> of the token.</summary>
    SenderKey? BoundTo { get; }
}

/// <summary>Whether who presents an access token is who it was issued to: asked wherever access tokens are taken, once it is known what they say. RFC 9449 §7</summary>
public static class DpopTokenRules
{
    // csharpier-ignore
    public static readonly RuleList<ITokenUse, ITokenUseFacts> All = new("dpop.token")
    {
        { "a token bound to a key is not presented as a bearer token", Reason.BoundTokenAsBearer,  "RFC 9449 §7.2", (r, f, now) => r.AsDpop || f.BoundTo is not { Kind: SenderKeyKind.Dpop } },
        { "a token that is not bound is not presented as if it were",  Reason.UnboundTokenAsBound, "RFC 9449 §7.1", (r, f, now) => !r.AsDpop || f.BoundTo is { Kind: SenderKeyKind.Dpop } },
        { "a token bound to a key comes with a proof",                 Reason.ProofMissing,        "RFC 9449 §7.1", (r, f, now) => !r.AsDpop || r.Proof is not null },
        DpopRules.All,
        { "the proof is by the key that the token is bound to",        Reason.TokenOfAnotherKey,   "RFC 9449 §7.1", (r, f, now) => !r.AsDpop || r.Proof!.Key == f.BoundTo },
        { "a token bound to a certificate comes over a connection of it", Reason.TokenOfAnotherKey, "RFC 8705 §3",  (r, f, now) => f.BoundTo is not { Kind: SenderKeyKind.Certificate } || r.Certificate == f.BoundTo },
    };
}
