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
        return client.May(ClientNames.AuthorizationCode) || client.May(ClientNames.DeviceCode) ? UserClaims.OpenIdScopes : ScopeSet.None;
    }

    /// <summary>Whether every resource is the identifier of an API of which the client may ask at least one scope. RFC 8707 §2</summary>
    public static bool KnowsResources(IReadOnlyList<string> resources, Client client, Snapshot snapshot)
    {
        var allowed = AllowedTo(client);
        return resources.Count == 0 || resources.All(r => snapshot.ApiOfResource(r) is { } api && api.Scopes.Any(s => allowed.Contains(s.Name)));
    }

    /// <summary>Whether every scope exists: in OpenID Connect, or in a configured API.</summary>
    public static bool KnowsScopes(ScopeSet scope, Snapshot snapshot)
    {
        foreach (var name in scope.Tokens)
        {
            if (!UserClaims.OpenIdScopes.Contains(name) && snapshot.ApiOfScope(name) is null)
                return false;
        }
        return true;
    }

    /// <summary>An absolute URI without fragment. RFC 8707 §2</summary>
    public static bool IsResource(string resource) =>
        resource.Length <= 2000
        && Uri.TryCreate(resource, UriKind.Absolute, out _)
        && !resource.Contains('#', StringComparison.Ordinal)
        && !resource.StartsWith('/');

    /// <summary>The target of a request whose scopes and resources are known and allowed.</summary>
    /// <remarks>Without scope: the default scopes of the named APIs, or of all APIs that the client may use (RFC 6749 §3.3), as far as the client may ask for them.</remarks>
    public static TokenTarget Of(ScopeSet requested, IReadOnlyList<string> resources, Client client, Snapshot snapshot) =>
        requested.IsEmpty && resources.Count == 0
            ? snapshot.DefaultTargets.GetOrAdd(client, static (client, snapshot) => Find(ScopeSet.None, [], client, snapshot), snapshot)
            : Find(requested, resources, client, snapshot);

    private static TokenTarget Find(ScopeSet requested, IReadOnlyList<string> resources, Client client, Snapshot snapshot)
    {
        var apis = new List<Api>(2);
        foreach (var resource in resources)
            Add(apis, snapshot.ApiOfResource(resource));
        var allowed = AllowedTo(client);
        var scope = requested;
        if (scope.IsEmpty)
        {
            IEnumerable<Api> sources = apis.Count > 0 ? apis : snapshot.Apis.Values.Where(a => a.Scopes.Any(s => allowed.Contains(s.Name)));
            scope = ScopeSet.Of(sources.SelectMany(a => a.DefaultScope.Tokens)).Intersect(allowed); // RFC 6749 §3.3
        }
        foreach (var name in scope.Tokens)
            Add(apis, snapshot.ApiOfScope(name));
        return new(scope, apis);
    }

    private static void Add(List<Api> apis, Api? api)
    {
        if (api is not null && !apis.Exists(known => ReferenceEquals(known, api)))
            apis.Add(api);
    }

    /// <summary>The scope of an access token for one API (null: userinfo alone): the API's own, those it may exchange for, and those of OpenID Connect.</summary>
    public static ScopeSet For(Api? api, ScopeSet granted) =>
        granted.Where(s =>
            UserClaims.OpenIdScopes.Contains(s) || (api is not null && (api.Scopes.Any(a => a.Name == s) || api.ExchangeScope.Contains(s)))
        );
}
