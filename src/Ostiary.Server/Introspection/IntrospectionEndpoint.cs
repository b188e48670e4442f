using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;
using Ostiary.Server.Grants;
using Ostiary.Server.Http;
using Ostiary.Server.Token;
using Ostiary.Server.Tokens;

namespace Ostiary.Server.Introspection;

/// <summary>POST /introspect. RFC 7662. Only the API that a token is for, and the client that holds it, learn anything.</summary>
public sealed class IntrospectionEndpoint(
    Issuer issuer,
    ClientRequestReader reader,
    ClientGate gate,
    TokenStatus status,
    GrantCredentials credentials
)
{
    internal sealed record Facts(PresentedToken Presented, Grant? RefreshGrant, int RefreshGeneration, Snapshot Snapshot)
    {
        public AccessToken? Token => Presented.Token;

        public string? Owner => Token?.ClientId ?? RefreshGrant?.ClientId;

        public bool IsAddressedTo(Client client) =>
            Token is not null
            && Snapshot.Apis.TryGetValue(Token.Audience, out var api)
            && api.ResourceServerClients.Contains(client.Id, StringComparer.Ordinal);
    }

    // csharpier-ignore
    internal static readonly RuleList<Client, Facts> Rules = new("introspect")
    {
        { "the caller has authenticated",                        Reason.ClientNotAuthenticated, "RFC 7662 §2.1", (r, f, now) => !r.IsPublic },
        { "the token is one of ours",                            Reason.TokenUnknown,           "RFC 7662 §2.2", (r, f, now) => f.Token is not null || f.RefreshGrant is not null },
        { "the caller is the token's API or its client",         Reason.NotTheAddressee,        "RFC 7662 §4",   (r, f, now) => f.IsAddressedTo(r) || f.Owner == r.Id },
        { "the access token has not expired",                    Reason.AccessTokenExpired,     "RFC 7662 §2.2", (r, f, now) => f.Token is null || now < f.Token.ExpiresAt },
        { "the access token has not been revoked",               Reason.AccessTokenRevoked,     "RFC 7662 §2.2", (r, f, now) => f.Token is null || TokenStatus.Refuse(f.Presented, f.Snapshot, now) is null },
        { "the refresh token is the live one",                   Reason.GrantEnded,             "RFC 7662 §2.2", (r, f, now) => f.RefreshGrant is null || (f.RefreshGrant.IsActive(now) && f.RefreshGrant.Generation == f.RefreshGeneration) },
        { "the refresh token was not idle for too long",         Reason.RefreshTokenExpired,    "RFC 7662 §2.2", (r, f, now) => f.RefreshGrant is null || !GrantRules.IsIdle(f.RefreshGrant, r, f.Snapshot, now) },
        { "the user of the refresh token can still sign in",     Reason.SubjectUnavailable,     "RFC 7662 §2.2", (r, f, now) => f.RefreshGrant is null || f.Snapshot.User(f.RefreshGrant.Approval!.Subject) is { Disabled: false } },
    };

    public async Task HandleAsync(HttpContext http)
    {
        if (await reader.ReadAsync(http) is not { } request)
            return;
        var facts = await LoadAsync(request, http.RequestAborted);
        var verdict = Rules.Judge(request.Client, facts, request.Now);
        var record = DecisionRecord.Of(verdict, request.Now, Flow.Of(http)) with
        {
            ClientId = request.Client.Id,
            TokenId = facts.Token?.Id,
            GrantId = facts.Token?.GrantId ?? facts.RefreshGrant?.Id.ToString(),
            Audience = facts.Token?.Audience,
            Revision = request.Snapshot.Revision,
        };
        if (verdict.Refused is Reason.ClientNotAuthenticated)
        {
            await gate.RefuseAsync(http, record);
            return;
        }
        issuer.Log.Record(record with { Network = Network.Of(http) });
        await JsonAnswer.WriteAsync(
            http,
            json =>
            {
                json.WriteBoolean("active", verdict.Allowed); // RFC 7662 §2.2: an inactive token says nothing else
                if (verdict.Allowed)
                    Describe(json, facts);
            }
        );
    }

    private async ValueTask<Facts> LoadAsync(ClientRequest request, CancellationToken ct)
    {
        if (credentials.TryReadRefreshToken(request.Token, out var id, out var generation, out _))
            return new(PresentedToken.None, await issuer.Stores.Grants.FindAsync(id, ct), generation, request.Snapshot);
        var presented = await status.LoadAsync(request.Token, ct);
        return new(presented, null, 0, issuer.Configuration.Current); // After the node has caught up.
    }

    private void Describe(Utf8JsonWriter json, Facts facts)
    {
        if (facts.Token is { } token)
        {
            json.WriteString("iss", issuer.Url.Text);
            json.WriteString("sub", token.Subject);
            json.WriteString("aud", token.Audience);
            json.WriteString("client_id", token.ClientId);
            json.WriteString("jti", token.Id);
            json.WriteNumber("iat", token.IssuedAt.ToUnixTimeSeconds());
            json.WriteNumber("exp", token.ExpiresAt.ToUnixTimeSeconds());
            json.WriteString("token_type", token.Sender?.TokenType ?? "Bearer");
            token.Sender?.WriteTo(json); // RFC 9449 §6.2, RFC 8705 §3.2
            ActorChain.Write(json, token.Actors);
            if (!token.Scope.IsEmpty)
                json.WriteString("scope", token.Scope.ToString());
            if (token.GrantId is not null && facts.Snapshot.User(token.Subject) is { } user)
                json.WriteString("username", user.Username);
            return;
        }
        var grant = facts.RefreshGrant!;
        json.WriteString("iss", issuer.Url.Text);
        json.WriteString("sub", grant.Approval!.Subject);
        json.WriteString("client_id", grant.ClientId);
        json.WriteNumber("exp", grant.ExpiresAt.ToUnixTimeSeconds());
        json.WriteString("token_type", "refresh_token");
        json.WriteString("scope", grant.Approval.Scope.ToString());
    }
}
