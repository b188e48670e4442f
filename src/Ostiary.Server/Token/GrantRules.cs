using Ostiary.Protocol;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Apis;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;
using Ostiary.Server.Grants;

namespace Ostiary.Server.Token;

/// <summary>What the grants of people share: pure predicates over one grant and one snapshot.</summary>
internal static class GrantRules
{
    public static bool SubjectIsAvailable(Grant grant, Snapshot snapshot) => snapshot.User(grant.Approval!.Subject) is { Disabled: false };

    /// <summary>Whether its refresh token was left unused for longer than the client may leave it. RFC 9700 §4.14.2</summary>
    public static bool IsIdle(Grant grant, Client client, Snapshot snapshot, DateTimeOffset now) =>
        now - (grant.UsedAt ?? grant.RotatedAt) >= (client.RefreshTokenIdle ?? snapshot.Settings.RefreshTokenIdle);

    /// <summary>What was granted, as far as the client may still have it: a scope taken from a client is gone at its next token. RFC 6749 §3.3</summary>
    public static ScopeSet ScopeOf(Grant grant, Client client) => grant.Approval!.Scope.Intersect(TokenTarget.AllowedTo(client));

    /// <summary>Every resource is one of the grant's APIs. RFC 8707 §2.2</summary>
    public static bool IsGranted(IReadOnlyList<string> resources, Grant grant, Client client, Snapshot snapshot)
    {
        if (resources.Count == 0)
            return true;
        var granted = ApisOf(grant, client, snapshot);
        return resources.All(r => granted.Any(a => a.Identifier == snapshot.ApiOfResource(r)?.Identifier));
    }

    /// <summary>The one API of the next access token: the named one, or the first of the grant; null: userinfo alone.</summary>
    public static Api? ApiFor(IReadOnlyList<string> resources, Grant grant, Client client, Snapshot snapshot) =>
        resources is [var named, ..] ? snapshot.ApiOfResource(named)
        : ApisOf(grant, client, snapshot) is [var first, ..] ? first
        : null;

    /// <summary>When a redeemed grant ends whatever happens; without refresh tokens, when its last access token does.</summary>
    public static DateTimeOffset ExpiryOf(Grant grant, Client client, Snapshot snapshot, DateTimeOffset now)
    {
        if (grant.Approval!.Refreshable)
            return now + (client.RefreshTokenLifetime ?? snapshot.Settings.RefreshTokenLifetime);
        var api = ApiFor([], grant, client, snapshot);
        return now + (client.AccessTokenLifetime ?? api?.TokenLifetime ?? snapshot.Settings.AccessTokenLifetime) + TimeSpan.FromSeconds(1);
    }

    public static DecisionRecord Record(Verdict verdict, AuthenticatedTokenRequest request, Grant? grant) =>
        DecisionRecord.Of(verdict, request.Now, grant?.Request.Flow ?? request.Flow) with
        {
            ClientId = request.Client.Id,
            GrantId = grant?.Id.ToString(),
            Subject = grant?.Approval?.Subject,
            SessionId = grant?.Approval?.SessionId,
            Network = request.Network,
            Revision = request.Snapshot.Revision,
        };

    public static DecisionRecord Issued(DecisionRecord record, TokenResponse response) =>
        record with
        {
            TokenId = response.AccessToken.Content.Id,
            Scope = response.Scope.ToString(),
            Audience = response.AccessToken.Content.Audience,
        };

    private static IReadOnlyList<Api> ApisOf(Grant grant, Client client, Snapshot snapshot)
    {
        var asked = grant.Request.Resources;
        IReadOnlyList<string> known = asked.Count == 0 ? asked : [.. asked.Where(name => snapshot.ApiOfResource(name) is not null)];
        return TokenTarget.Of(ScopeOf(grant, client), known, client, snapshot).Apis;
    }
}
