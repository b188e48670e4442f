using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Configuration;

namespace Ostiary.Server.Registration;

/// <summary>What a request to the registration endpoints presents.</summary>
/// <param name="HasAuthorization">Whether there is an Authorization header at all.</param>
/// <param name="Token">The Bearer token; null where there is none that can be read.</param>
/// <param name="Metadata">The body, where it is one.</param>
internal sealed record RegistrationRequest(bool HasAuthorization, string? Token, RegistrantMetadata? Metadata);

internal sealed record RegistrationFacts
{
    public RegistrationPolicy? Policy { get; init; }
    public InitialToken? Initial { get; init; }
    public bool Throttled { get; init; }
    public long Registered { get; init; }

    /// <summary>The client whose registration access token was presented.</summary>
    public ClientDocument? Client { get; init; }

    /// <summary>Whether the body names this client and, where it names one, a secret of it.</summary>
    public bool NamesClient { get; init; }
}

internal static class RegistrationRules
{
    // csharpier-ignore
    private static readonly RuleList<RegistrationRequest, RegistrationFacts> Metadata = new("register.metadata")
    {
        { "the body is a JSON object",                        Reason.RegistrationMalformed,    "RFC 7591 §3.1",   (r, f, now) => r.Metadata is not null },
        { "there is no software statement",                   Reason.SoftwareStatementRefused, "RFC 7591 §3.2.2", (r, f, now) => !r.Metadata!.HasSoftwareStatement },
        { "grants and authentication are offered",            Reason.RegistrationNotOffered,   "RFC 7591 §3.2.2", (r, f, now) => r.Metadata!.NotOffered is null },
        { "answers go to hosts that are offered",             Reason.RedirectHostNotOffered,   "RFC 7591 §3.2.2", (r, f, now) => r.Metadata!.HostNotOffered is null },
        { "the redirect URIs may be registered",              Reason.RedirectUriNotAcceptable, "RFC 9700 §2.1",   (r, f, now) => r.Metadata!.Fault?.Reason is not Reason.RedirectUriNotAcceptable },
        { "the metadata are those of a client",               Reason.ClientMetadataInvalid,    "RFC 7591 §3.2.2", (r, f, now) => r.Metadata!.Document is not null },
    };

    // csharpier-ignore
    internal static readonly RuleList<RegistrationRequest, RegistrationFacts> Create = new("register.create")
    {
        { "clients may register themselves",                  Reason.RegistrationOff,          "RFC 7591 §3",     (r, f, now) => f.Policy is not null },
        { "a token that is sent was given out",               Reason.InitialTokenUnknown,      "RFC 7591 §3",     (r, f, now) => !r.HasAuthorization || f.Initial is not null },
        { "it is neither expired nor used up",                Reason.InitialTokenSpent,        "RFC 7591 §3",     (r, f, now) => f.Initial is null || f.Initial.IsGood(now) },
        { "there is a token, or registration is open",        Reason.RegistrationClosed,       "RFC 7591 §3",     (r, f, now) => f.Initial is not null || f.Policy!.Open },
        { "the network has not registered too many",          Reason.TooManyRequests,          "RFC 7591 §5",     (r, f, now) => !f.Throttled },
        { "there is room for one more",                       Reason.RegistrationsFull,        "RFC 7591 §5",     (r, f, now) => f.Registered < f.Policy!.MostClients },
        Metadata,
    };

    // csharpier-ignore
    internal static readonly RuleList<RegistrationRequest, RegistrationFacts> Manage = new("register.manage")
    {
        { "the token is the one of this client",              Reason.RegistrationTokenWrong,   "RFC 7592 §2",     (r, f, now) => f.Client is not null },
    };

    // csharpier-ignore
    internal static readonly RuleList<RegistrationRequest, RegistrationFacts> Update = new("register.update")
    {
        Manage,
        { "clients may still register themselves",            Reason.RegistrationOff,          "RFC 7591 §3",     (r, f, now) => f.Policy is not null },
        { "the body names this client, and its own secret",   Reason.RegistrationOfAnotherClient, "RFC 7592 §2.2", (r, f, now) => r.Metadata is null || f.NamesClient },
        Metadata,
    };
}
