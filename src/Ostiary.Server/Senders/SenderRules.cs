using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Apis;
using Ostiary.Server.Clients;

namespace Ostiary.Server.Senders;

/// <summary>A request for tokens.</summary>
internal interface ISenderRequest
{
    Client Client { get; }

    /// <summary>The keys that the client has shown to hold; the tokens are bound to one of them.</summary>
    ShownKeys Shown { get; }
}

internal interface ISenderFacts
{
    /// <summary>The key that the code or the refresh token is bound to.</summary>
    SenderKey? BoundTo { get; }

    /// <summary>The API that the token is for; asked only where it may matter.</summary>
    Api? ApiOf(ISenderRequest request);

    /// <summary>Whether there is any API whose tokens must be bound.</summary>
    bool SomeApiBinds { get; }
}

/// <summary>Who must show a key, and which one: placed by name at the end of the list of every grant.</summary>
internal static class SenderRules
{
    // csharpier-ignore
    public static readonly RuleList<ISenderRequest, ISenderFacts> All = new("sender")
    {
        { "a client whose tokens are always bound shows a key",     Reason.ProofMissing,             "RFC 9449 §5.2",   (r, f, now) => !r.Client.DpopBound || r.Shown.Proof is not null },
        { "one whose tokens are bound to its certificate shows it", Reason.SenderCertificateMissing, "RFC 8705 §3.4",   (r, f, now) => !r.Client.CertificateBound || r.Shown.Certificate is not null },
        { "so does who asks for an API whose tokens are bound",     Reason.ProofMissing,             "RFC 9700 §2.2.1", (r, f, now) => !f.SomeApiBinds || r.Shown.Proof is not null || f.ApiOf(r) is not { RequireDpop: true, RequireCertificate: false } },
        { "or whose tokens are bound to certificates",              Reason.SenderCertificateMissing, "RFC 8705 §3",     (r, f, now) => !f.SomeApiBinds || r.Shown.Certificate is not null || f.ApiOf(r) is not { RequireCertificate: true } api || (api.RequireDpop && r.Shown.Proof is not null) },
        { "what is bound to a key is used with that key",           Reason.SenderKeyDiffers,         "RFC 9449 §5",     (r, f, now) => f.BoundTo is null || r.Shown.Has(f.BoundTo) },
    };
}
