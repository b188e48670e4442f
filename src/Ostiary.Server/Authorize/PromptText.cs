using Ostiary.Protocol;
using Ostiary.Server.Claims;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Grants;
using Ostiary.Server.Interaction;

namespace Ostiary.Server.Authorize;

/// <summary>What the pages are told about a waiting request: an app, sentences, a return host; nothing of the protocol.</summary>
internal static class PromptText
{
    public static InteractionPrompt Of(Grant grant, Client client, Snapshot snapshot) =>
        new()
        {
            Handle = grant.Id.ToString(),
            Reference = grant.Request.Flow,
            App = CardOf(client, grant.Request.RedirectUri!),
            LoginHint = grant.Request.LoginHint,
            MayContinueSession = grant.Request.Prompt.Contains("select_account") && !grant.Request.Prompt.Contains("login"),
            Scopes = [.. Asked(grant, client).Tokens.Select(scope => LineOf(scope, snapshot))],
            FormTarget = RedirectUris.PolicySource(grant.Request.RedirectUri!),
            UiLocales = grant.Request.UiLocales,
        };

    /// <summary>What the page for devices is told.</summary>
    public static DevicePrompt OfDevice(Grant grant, Client client, string code, Snapshot snapshot) =>
        new(
            code,
            grant.Request.Flow,
            CardOf(client, redirectUri: null),
            [.. Asked(grant, client).Tokens.Select(scope => LineOf(scope, snapshot))],
            grant.CreatedAt,
            grant.Request.Network
        );

    /// <summary>What a person is asked for: the scopes, and those of the claims asked for by name. OIDC Core §5.5</summary>
    public static ScopeSet Asked(Grant grant, Client client) => grant.Request.Scope.Union(ClaimsRequest.Of(grant.Request).ScopeFor(client));

    /// <summary>The scopes after the person's choice: optional ones only where left checked.</summary>
    public static ScopeSet Granted(ScopeSet requested, IReadOnlyList<string> chosen, Snapshot snapshot) =>
        ScopeSet.Of(requested.Tokens.Where(scope => LineOf(scope, snapshot).Required || chosen.Contains(scope)));

    private static string HostOf(string redirectUri)
    {
        var source = RedirectUris.PolicySource(redirectUri);
        return source.Contains("://", StringComparison.Ordinal) ? source[(source.IndexOf("://", StringComparison.Ordinal) + 3)..] : source;
    }

    private static AppCard CardOf(Client client, string? redirectUri)
    {
        var described = client.Id.StartsWith("https://", StringComparison.Ordinal);
        var host = redirectUri is null ? "" : HostOf(redirectUri);
        return new(client.Id, client.Name ?? client.Id, host, !client.Registered, client.ClientUri, client.LogoUri, client.PolicyUri, client.TosUri)
        {
            KnownBy = described ? new Uri(client.Id).Host : null, // CIMD §6.4
            IsLocal = client.Registered && redirectUri is not null && !redirectUri.StartsWith("https://", StringComparison.Ordinal),
        };
    }

    private static ScopeLine LineOf(string scope, Snapshot snapshot)
    {
        if (UserClaims.OpenIdScopes.Contains(scope))
            return new(scope, null, "scope." + scope, Required: true);
        var defined = snapshot.ApiOfScope(scope)?.Scopes.FirstOrDefault(s => s.Name == scope);
        return new(scope, defined?.Description, null, Required: defined is not { Optional: true });
    }
}
