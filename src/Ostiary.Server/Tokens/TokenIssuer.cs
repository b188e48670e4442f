using Ostiary.Protocol;
using Ostiary.Server.Apis;
using Ostiary.Server.Claims;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Grants;
using Ostiary.Server.Keys;
using Ostiary.Server.Token;

namespace Ostiary.Server.Tokens;

/// <summary>
/// The keys that the tokens of one answer are bound to. A refresh token is bound for public clients alone: others authenticate when they use it. RFC 9449 §5, RFC 8705 §4
/// </summary>
public readonly record struct TokenKeys(SenderKey? Access, SenderKey? Refresh)
{
    /// <summary>Of the first tokens of a grant.</summary>
    public static TokenKeys Of(Client client, SenderKey? sender) => new(sender, client.IsPublic ? sender : null);
}

/// <summary>Issues what a decision allowed. Everything that signs or seals a token is called from here.</summary>
public sealed class TokenIssuer
{
    private readonly string _issuer;
    private readonly IdTokens _idTokens;

    public TokenIssuer(string issuer, KeyRing keys, MasterKey master, Func<string, Api?> apis)
    {
        _issuer = issuer;
        Access = new AccessTokens(issuer, keys, master, apis);
        _idTokens = new IdTokens(issuer, keys, new ClientSecrets(master));
        Logout = new LogoutTokens(issuer, keys, new ClientSecrets(master));
        Credentials = new GrantCredentials(master);
    }

    public AccessTokens Access { get; }
    public IdTokens Id => _idTokens;
    internal LogoutTokens Logout { get; }
    public GrantCredentials Credentials { get; }

    /// <summary>A token for a client acting for itself. RFC 6749 §4.4.3</summary>
    public IssuedAccessToken ForClient(Client client, Api? api, ScopeSet scope, Snapshot snapshot, DateTimeOffset now, SenderKey? sender) =>
        IssueAccessToken(client, api, Base(client, client.Id, api, scope, snapshot, now) with { Sender = sender });

    /// <summary>The response for a grant: access token, refresh token of a generation (0: none), and an ID token where <c>openid</c> was granted.</summary>
    /// <param name="keys">What the access token is bound to, and what the refresh token.</param>
    public TokenResponse ForGrant(
        Grant grant,
        Client client,
        Api? api,
        ScopeSet scope,
        int generation,
        Snapshot snapshot,
        DateTimeOffset now,
        TokenKeys keys
    )
    {
        var approval = grant.Approval!;
        var content = Base(client, approval.Subject, api, scope, snapshot, now) with
        {
            GrantId = grant.Id.ToString(),
            Sender = keys.Access,
            SessionId = approval.SessionId,
            AuthenticatedAt = approval.AuthenticatedAt,
            Acr = approval.Acr,
        };
        var access = IssueAccessToken(client, api, content);
        var refresh = generation > 0 ? Credentials.RefreshToken(grant.Id, generation, keys.Refresh) : null;
        var id = scope.Contains(ScopeSet.OpenId) ? IssueIdToken(grant, client, access.Text, snapshot, now) : null;
        return new(access, scope, refresh, id);
    }

    /// <summary>A token that stands for another one: its subject, its grant, its sign-in, and never its end later than that one's. RFC 8693 §2.2.1</summary>
    public IssuedAccessToken ForExchange(
        Client client,
        Api api,
        ScopeSet scope,
        AccessToken subject,
        IReadOnlyList<string> actors,
        Snapshot snapshot,
        DateTimeOffset now,
        SenderKey? sender
    )
    {
        var content = Base(client, subject.Subject, api, scope, snapshot, now);
        return IssueAccessToken(
            client,
            api,
            content with
            {
                ExpiresAt = content.ExpiresAt < subject.ExpiresAt ? content.ExpiresAt : subject.ExpiresAt,
                GrantId = subject.GrantId,
                SessionId = subject.SessionId,
                AuthenticatedAt = subject.AuthenticatedAt,
                Acr = subject.Acr,
                Sender = sender,
                Actors = actors,
                Parents = [subject.Id, .. subject.Parents],
            }
        );
    }

    private AccessToken Base(Client client, string subject, Api? api, ScopeSet scope, Snapshot snapshot, DateTimeOffset now)
    {
        var issuedAt = DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds());
        return new AccessToken
        {
            Id = Entropy.Text(16),
            ClientId = client.Id,
            Subject = subject,
            Audience = api?.Identifier ?? _issuer,
            Scope = scope,
            IssuedAt = issuedAt,
            ExpiresAt = issuedAt + (client.AccessTokenLifetime ?? api?.TokenLifetime ?? snapshot.Settings.AccessTokenLifetime),
            MayAct = client.MayAct,
        };
    }

    private IssuedAccessToken IssueAccessToken(Client client, Api? api, AccessToken content) =>
        Access.Issue(content, api?.TokenFormat ?? TokenFormat.Jwt, api?.SigningAlgorithm ?? "ES256");

    private string IssueIdToken(Grant grant, Client client, string accessToken, Snapshot snapshot, DateTimeOffset now)
    {
        var approval = grant.Approval!;
        List<string> asked = [.. UserClaims.AllowedTo(client, ClaimsRequest.Of(grant.Request).IdToken)];
        var user = snapshot.User(approval.Subject);
        return _idTokens.Issue(
            client,
            new IdToken
            {
                Subject = approval.Subject,
                IssuedAt = now,
                ExpiresAt = now + snapshot.Settings.IdTokenLifetime,
                AuthenticatedAt = approval.AuthenticatedAt,
                Nonce = grant.Request.Nonce,
                Acr = approval.Acr,
                Amr = approval.Amr,
                SessionId = approval.SessionId,
                GrantId = grant.Id.ToString(),
                AccessToken = accessToken,
                UserClaims = user is null || asked.Count == 0 ? null : json => UserClaims.Write(json, user, asked),
            }
        );
    }
}
