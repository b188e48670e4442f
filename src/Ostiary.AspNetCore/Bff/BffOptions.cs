using Ostiary.AspNetCore.Issuers;
using Ostiary.AspNetCore.Observation;
using Ostiary.Protocol;

namespace Ostiary.AspNetCore.Bff;

/// <summary>How people sign in to this app. <see cref="Issuer"/>, <see cref="ClientId"/> and <see cref="Origin"/> have no default.</summary>
public sealed class BffOptions
{
    /// <summary>The issuer identifier, exactly as the issuer writes it.</summary>
    public string Issuer { get; set; } = "";

    public string ClientId { get; set; } = "";

    /// <summary>The secret of a confidential client (client_secret_basic). Null: a public client.</summary>
    public string? ClientSecret { get; set; }

    /// <summary>
    /// Where browsers find this app: scheme, host and port. Redirect URIs are built from it, never from a request. With https the cookies are
    /// <c>__Host-</c> cookies and Secure. With http, which is for loopback only, they have neither, so that clients without TLS keep them.
    /// </summary>
    public string Origin { get; set; } = "";

    /// <summary>What is asked for. <c>openid</c> is added where it is missing. Default: <c>openid offline_access</c>.</summary>
    public string Scope { get; set; } = "openid offline_access";

    /// <summary>The API that the access token is for (<c>resource</c>). Null: the issuer decides.</summary>
    public string? Resource { get; set; }

    /// <summary>The base addresses that <see cref="HttpContextBff.CallApiAsync"/> may send the access token to. Default: none.</summary>
    public IReadOnlyList<string> Apis { get; set; } = [];

    /// <summary>The algorithms that an ID token may be signed with. Default: RS256, the one that issuers use unless the client is registered for another.</summary>
    public IReadOnlyList<string> IdTokenAlgorithms { get; set; } = ["RS256"];

    /// <summary>
    /// Whether the userinfo endpoint is asked once per sign-in where <c>profile</c>, <c>email</c>, <c>address</c> or <c>phone</c> were granted. Default: true.
    /// </summary>
    public bool AskUserInfo { get; set; } = true;

    /// <summary>Starts a sign-in; takes <c>returnUrl</c>, a local path. Default: <c>/signin</c>.</summary>
    public string SignInPath { get; set; } = "/signin";

    /// <summary>The redirect URI's path. Default: <c>/signin/callback</c>.</summary>
    public string CallbackPath { get; set; } = "/signin/callback";

    /// <summary>Ends the session here and at the issuer; only from the app's own pages. Default: <c>/signout</c>.</summary>
    public string SignOutPath { get; set; } = "/signout";

    /// <summary>Where the issuer sends the browser after sign-out. Default: <c>/signout/callback</c>.</summary>
    public string SignOutCallbackPath { get; set; } = "/signout/callback";

    /// <summary>
    /// Where the issuer says that a session is over, wherever that happened; it is the client's <c>backchannel_logout_uri</c>. Default: <c>/signout/backchannel</c>.
    /// </summary>
    public string BackchannelLogoutPath { get; set; } = "/signout/backchannel";

    /// <summary>Where the browser ends up after sign-out. Default: <c>/</c>.</summary>
    public string SignedOutPath { get; set; } = "/";

    /// <summary>The name of the session cookie, without its prefix. Default: <c>ostiary</c>.</summary>
    public string CookieName { get; set; } = "ostiary";

    /// <summary>How long one may take to sign in. Default: 10 minutes.</summary>
    public TimeSpan SignInLifetime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>The end of a session however busy it is. Default: 8 hours.</summary>
    public TimeSpan SessionLifetime { get; set; } = TimeSpan.FromHours(8);

    /// <summary>The end of a session that nobody uses. Default: 1 hour.</summary>
    public TimeSpan SessionIdle { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long before its end an access token is replaced. Default: 30 seconds.</summary>
    public TimeSpan RefreshBefore { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Where sessions are kept. Null: in memory, at most <see cref="MaxSessions"/>.</summary>
    public IBffSessionStore? Sessions { get; set; }

    /// <summary>How many sessions, and how many unfinished sign-ins, the memory keeps. Default: 10,000.</summary>
    public int MaxSessions { get; set; } = 10_000;

    /// <summary>How the issuer and the APIs are reached.</summary>
    public BackchannelOptions Backchannel { get; } = new();

    /// <summary>Told of each hop after it happened. It sees masked values only.</summary>
    public Action<BffHop>? OnHop { get; set; }

    /// <summary>How secrets are shown to <see cref="OnHop"/>. Default: <see cref="SecretTag.Of"/>.</summary>
    public Func<string, string> Tag { get; set; } = SecretTag.Of;

    internal bool IsSecure => Origin.StartsWith("https://", StringComparison.Ordinal);
    internal string RedirectUri => Origin + CallbackPath;
    internal string PostLogoutRedirectUri => Origin + SignOutCallbackPath;

    internal void Validate()
    {
        if (!Issuers.Backchannel.MayAsk(Issuer, out _) || Issuer.Contains('?', StringComparison.Ordinal))
            throw new ArgumentException("BffOptions.Issuer must be an https URL (http on loopback only) without query and fragment.");
        if (!Issuers.Backchannel.MayAsk(Origin, out var origin) || origin.GetLeftPart(UriPartial.Authority) != Origin)
            throw new ArgumentException("BffOptions.Origin must be scheme, host and port of this app: https (http on loopback only), without path.");
        if (ClientId.Length == 0)
            throw new ArgumentException("BffOptions.ClientId is missing.");
        if (!ScopeSet.TryParse(Scope, out var scopes))
            throw new ArgumentException("BffOptions.Scope contains characters that no scope may contain.");
        if (!scopes.Contains(ScopeSet.OpenId))
            Scope = $"{ScopeSet.OpenId} {Scope}".TrimEnd();
        if (
            IdTokenAlgorithms.Count == 0
            || IdTokenAlgorithms.Any(name => name is "none" || name.StartsWith("HS", StringComparison.OrdinalIgnoreCase))
        )
            throw new ArgumentException("BffOptions.IdTokenAlgorithms must name asymmetric signature algorithms.");
        if (Apis.Any(api => !Issuers.Backchannel.MayAsk(api, out _)))
            throw new ArgumentException("BffOptions.Apis must be https URLs (http on loopback only).");
        if (!Array.TrueForAll([SignInPath, CallbackPath, SignOutPath, SignOutCallbackPath, BackchannelLogoutPath, SignedOutPath], LocalPath.IsLocal))
            throw new ArgumentException("The paths of BffOptions must be local paths.");
    }
}
