using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Claims;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Consents;
using Ostiary.Server.Grants;
using Ostiary.Server.Sessions;

namespace Ostiary.Server.Authorize;

/// <summary>What a person must be asked before a request can be approved.</summary>
internal enum Need
{
    Nothing,
    Login,
    AccountChoice,
    Consent,
}

/// <summary>What decides it.</summary>
/// <param name="Since">When the request began; a sign-in after it counts as fresh.</param>
/// <param name="HintedSubject">The subject of a verified id_token_hint.</param>
/// <param name="AccountChosen">The person chose to go on with the session.</param>
internal sealed record NeedFacts(
    Client Client,
    Session? Session,
    Consent? Consent,
    Snapshot Snapshot,
    DateTimeOffset Since,
    string? HintedSubject,
    bool AccountChosen
);

/// <summary>Whether to ask for a sign-in, an account, or consent. Pure. OIDC Core §3.1.2.3, OIDC Core §3.1.2.4</summary>
internal static class InteractionNeeds
{
    /// <summary>What <c>prompt=none</c> demands.</summary>
    // csharpier-ignore
    public static readonly RuleList<GrantRequest, Need> Silent = new("authorize.silent")
    {
        { "the user need not be asked to sign in",   Reason.LoginRequired,   "OIDC Core §3.1.2.6", (r, need, now) => need is not (Need.Login or Need.AccountChoice) },
        { "the user need not be asked for consent",  Reason.ConsentRequired, "OIDC Core §3.1.2.6", (r, need, now) => need is not Need.Consent },
    };

    public static Need Of(GrantRequest request, ScopeSet scope, NeedFacts facts, DateTimeOffset now)
    {
        if (facts.Session is not { } session || facts.Snapshot.User(session.Subject) is not { Disabled: false })
            return Need.Login;
        var isFresh = session.AuthenticatedAt >= facts.Since;
        if (request.Prompt.Contains("login") && !isFresh)
            return Need.Login; // OIDC Core §3.1.2.1
        if (request.MaxAge is { } maxAge && !isFresh && now - session.AuthenticatedAt > TimeSpan.FromSeconds(maxAge))
            return Need.Login; // OIDC Core §3.1.2.1
        if (facts.HintedSubject is { } hinted && hinted != session.Subject)
            return Need.Login; // OIDC Core §3.1.2.1
        if (request.Prompt.Contains("select_account") && !isFresh && !facts.AccountChosen)
            return Need.AccountChoice; // OIDC Core §3.1.2.1
        return NeedsConsent(request, scope, facts) ? Need.Consent : Need.Nothing;
    }

    private static bool NeedsConsent(GrantRequest request, ScopeSet scope, NeedFacts facts)
    {
        if (request.Prompt.Contains("consent"))
            return true; // OIDC Core §3.1.2.1
        if (facts.Client.Consent == ConsentPolicy.None)
            return false;
        if (facts.Client.Consent == ConsentPolicy.Required || IsUnprovenApp(request, facts.Client))
            return true;
        var asked = scope.Union(ClaimsRequest.Of(request).ScopeFor(facts.Client)); // OIDC Core §5.5
        return facts.Consent is null || !asked.IsWithin(facts.Consent.Scope);
    }

    /// <summary>A public client whose redirect URI anybody on the device could claim is asked for every time. RFC 8252 §8.6</summary>
    private static bool IsUnprovenApp(GrantRequest request, Client client) =>
        client.IsPublic && !request.RedirectUri!.StartsWith("https://", StringComparison.Ordinal);
}
