using Ostiary.Protocol;
using Ostiary.Server.Claims;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;

namespace Ostiary.Server.Apis;

/// <summary>What a request may be granted, from its scopes and resources. Pure, over one snapshot.</summary>
/// <remarks>Scopes belong to OpenID Connect or to exactly one API; an access token is for one API (RFC 8707 §2.2, RFC 9700 §2.3).</remarks>
public sealed class TokenTarget
{
    private TokenTarget(ScopeSet scope, IReadOnlyList<Api> apis) => (Scope, Apis) = (scope, apis);

    /// <summary>The scopes after defaults.</summary>
    public ScopeSet Scope { get; }

    /// <summary>The APIs named by resource or meant by scope, the named ones first.</summary>
    public IReadOnlyList<Api> Apis { get; }

    /// <summary>The scopes that a client may ask for.</summary>
    public static ScopeSet AllowedTo(Client client)
    {
        if (!client.Scope.IsEmpty)
            return client.Scope;
        return client.May("authorization_code") ? UserClaims.OpenIdScopes : ScopeSet.None;
    }

    /// <summary>Whether every resource is the identifier of an API of which the client may ask at least one scope. RFC 8707 §2</summary>
    public static bool KnowsResources(IReadOnlyList<string> resources, Client client, Snapshot snapshot)
    {
        var allowed = AllowedTo(client);
        return resources.All(r => snapshot.Apis.TryGetValue(r, out var api) && api.Scopes.Any(s => allowed.Contains(s.Name)));
    }

    /// <summary>Whether every scope exists: in OpenID Connect, or in a configured API.</summary>
    public static bool KnowsScopes(ScopeSet scope, Snapshot snapshot) =>
        scope.Tokens.All(s => UserClaims.OpenIdScopes.Contains(s) || snapshot.ApiOfScope(s) is not null);

    /// <summary>An absolute URI without fragment. RFC 8707 §2</summary>
    public static bool IsResource(string resource) =>
        resource.Length <= 2000
        && Uri.TryCreate(resource, UriKind.Absolute, out _)
        && !resource.Contains('#', StringComparison.Ordinal)
        && !resource.StartsWith('/');

    /// <summary>The target of a request whose scopes and resources are known and allowed.</summary>
    /// <remarks>Without scope: the default scopes of the named APIs, or of all APIs that the client may use (RFC 6749 §3.3), as far as the client may ask for them.</remarks>
    public static TokenTarget Of(ScopeSet requested, IReadOnlyList<string> resources, Client client, Snapshot snapshot)
    {
        var named = resources.Distinct(StringComparer.Ordinal).Select(r => snapshot.Apis[r]).ToList();
        var allowed = AllowedTo(client);
        var scope = requested;
        if (scope.IsEmpty)
        {
            var sources = named.Count > 0 ? named : snapshot.Apis.Values.Where(a => a.Scopes.Any(s => allowed.Contains(s.Name)));
            scope = ScopeSet.Of(sources.SelectMany(a => a.DefaultScope.Tokens)).Intersect(allowed); // RFC 6749 §3.3
        }
        var meant = scope.Tokens.Select(snapshot.ApiOfScope).OfType<Api>();
        return new(scope, [.. named.Concat(meant).DistinctBy(a => a.Identifier)]);
    }

    /// <summary>The scope of an access token for one API (null: userinfo alone): the API's own and those of OpenID Connect.</summary>
    public static ScopeSet For(Api? api, ScopeSet granted) =>
        ScopeSet.Of(granted.Tokens.Where(s => UserClaims.OpenIdScopes.Contains(s) || (api is not null && api.Scopes.Any(a => a.Name == s))));
}
