using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Apis;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Grants;
using Ostiary.Server.Senders;
using Ostiary.Server.Sessions;
using Ostiary.Server.Stores;
using Ostiary.Server.Tokens;

namespace Ostiary.Server.Token;

/// <summary>
/// grant_type=refresh_token. RFC 6749 §6, RFC 9700 §4.14.2. Rotation survives a lost answer: the previous generation, presented inside the retry window and
/// before its successor was used, gets the same successor again. Everything else that was once valid is reuse and ends the grant.
/// </summary>
public sealed class RefreshTokenGrant(IGrantStore grants, ISessionStore sessions, TokenIssuer tokens) : ITokenGrant
{
    /// <summary>How often the use of a token that does not rotate is written.</summary>
    private static readonly TimeSpan TouchInterval = TimeSpan.FromMinutes(1);

    public string GrantType => "refresh_token";

    internal sealed record Request(
        Client Client,
        string? Token,
        int Generation,
        ScopeSet Scope,
        bool ScopeMalformed,
        IReadOnlyList<string> Resources,
        ShownKeys Shown,
        SenderKey? BoundTo
    ) : ISenderRequest;

    /// <param name="Session">The sign-in that the grant lives in; null where it lives in none, or where that one is over.</param>
    internal sealed record Facts(Grant? Grant, Session? Session, Snapshot Snapshot, SenderKey? BoundTo) : ISenderFacts
    {
        public bool SomeApiBinds => Snapshot.SomeApiBinds;

        public Api? ApiOf(ISenderRequest request) => GrantRules.ApiFor(((Request)request).Resources, Grant!, request.Client, Snapshot);

        public bool IsLive(int generation) => generation == Grant!.Generation;

        /// <summary>The successor of this generation is live, was never used (or it would not be live), and is younger than the window.</summary>
        public bool IsRetry(int generation, DateTimeOffset now) =>
            generation == Grant!.Generation - 1 && now - Grant.RotatedAt < Snapshot.Settings.RefreshRetryWindow;
    }

    // csharpier-ignore
    internal static readonly RuleList<Request, Facts> Rules = new("token.refresh_token")
    {
        { "the client may use this grant",                  Reason.ClientMayNotUseGrant,        "RFC 6749 §5.2",    (r, f, now) => r.Client.May("refresh_token") },
        { "refresh_token is present",                       Reason.RefreshTokenMissing,         "RFC 6749 §6",      (r, f, now) => r.Token is not null },
        { "the refresh token is one of ours",               Reason.RefreshTokenUnknown,         "RFC 6749 §5.2",    (r, f, now) => f.Grant is { Status: GrantStatus.Active or GrantStatus.Ended } },
        { "it was issued to this client",                   Reason.RefreshTokenOfAnotherClient, "RFC 6749 §6",      (r, f, now) => f.Grant!.ClientId == r.Client.Id },
        { "its grant has not ended",                        Reason.GrantEnded,                  "RFC 6749 §5.2",    (r, f, now) => f.Grant!.Status == GrantStatus.Active },
        { "its grant has not expired",                      Reason.RefreshTokenExpired,         "RFC 6749 §5.2",    (r, f, now) => now < f.Grant!.ExpiresAt },
        { "it is the live generation, or a retry of the last rotation", Reason.RefreshTokenReused, "RFC 9700 §4.14.2", (r, f, now) => f.IsLive(r.Generation) || f.IsRetry(r.Generation, now) },
        { "it was not idle for too long",                   Reason.RefreshTokenExpired,         "RFC 9700 §4.14.2", (r, f, now) => !GrantRules.IsIdle(f.Grant!, r.Client, f.Snapshot, now) },
        { "the user can still sign in",                     Reason.SubjectUnavailable,          "RFC 6749 §5.2",    (r, f, now) => GrantRules.SubjectIsAvailable(f.Grant!, f.Snapshot) },
        { "its sign-in has not ended, where it lives in one", Reason.SessionEnded,              "OIDC Core §11",    (r, f, now) => !LivesInSession(f.Grant!, r.Client) || (f.Session is { } s && s.IsLive(now)) },
        { "the scope is well-formed",                       Reason.ScopeMalformed,              "RFC 6749 §3.3",    (r, f, now) => !r.ScopeMalformed },
        { "it asks for no more than was granted",           Reason.ScopeExceedsGrant,           "RFC 6749 §6",      (r, f, now) => r.Scope.IsWithin(GrantRules.ScopeOf(f.Grant!, r.Client)) },
        { "it asks for one API",                            Reason.ResourcesCombined,           "RFC 8707 §2.2",    (r, f, now) => r.Resources.Count <= 1 || r.Resources.Distinct(StringComparer.Ordinal).Count() == 1 },
        { "it asks for an API that was granted",            Reason.ResourceExceedsGrant,        "RFC 8707 §2.2",    (r, f, now) => GrantRules.IsGranted(r.Resources, f.Grant!, r.Client, f.Snapshot) },
        SenderRules.All,
    };

    public async ValueTask<TokenOutcome> ExchangeAsync(AuthenticatedTokenRequest request, CancellationToken ct)
    {
        var (client, snapshot, now) = (request.Client, request.Snapshot, request.Now);
        var (asked, id) = Parse(request);
        var grant = id is { } known ? await grants.FindAsync(known, ct) : null;
        var session = await SessionOfAsync(grant, client, ct);
        var verdict = Rules.Judge(asked, new(grant, session, snapshot, asked.BoundTo), now);
        var generationBefore = grant?.Generation;
        string? change = null;
        if (verdict.Allowed && asked.Generation == grant!.Generation)
        {
            // The one conditional write decides every race; who lost is judged again, on what the winner left: mostly a retry.
            change = await CommitAsync(grant, client, asked.BoundTo, now, ct);
            if (change is "lost")
            {
                change = null;
                verdict = Rules.Judge(asked, new(grant = await grants.FindAsync(grant.Id, ct), session, snapshot, asked.BoundTo), now);
            }
        }
        if (verdict.Refused is Reason.RefreshTokenReused && await grants.TryEndAsync(grant!.Id, GrantEnd.RefreshTokenReused, now, ct)) // RFC 9700 §4.14.2
            change = "ended: refresh-token-reused";

        var record = GrantRules.Record(verdict, request, grant) with { Change = change, Generation = generationBefore };
        if (!verdict.Allowed)
            return new(record, null);
        var api = GrantRules.ApiFor(asked.Resources, grant!, client, snapshot);
        var scope = TokenTarget.For(api, asked.Scope.IsEmpty ? GrantRules.ScopeOf(grant!, client) : asked.Scope);
        var generation = change is "rotated" ? asked.Generation + 1 : grant!.Generation;
        var response = tokens.ForGrant(
            grant!,
            client,
            api,
            scope,
            generation,
            snapshot,
            now,
            new(request.Shown.For(client, api) ?? asked.BoundTo, asked.BoundTo)
        );
        return new(GrantRules.Issued(record, response), response);
    }

    /// <summary>Public clients without a sender key always, clients that authenticate by default not. RFC 9700 §2.2.2</summary>
    internal static bool Rotates(Client client, SenderKey? boundTo) =>
        client.Rotation switch
        {
            RefreshTokenRotation.Always => true,
            RefreshTokenRotation.Never => false,
            _ => client.IsPublic && boundTo is null,
        };

    /// <summary>
    /// What a web page got without offline_access ends with the sign-in it got it in. Programs on a device have no such session of their own. OIDC Core §11
    /// </summary>
    private static bool LivesInSession(Grant grant, Client client) =>
        grant.Approval is { Offline: false, SessionId: not null } && (client.Type is ClientType.Web or ClientType.Spa);

    private async ValueTask<Session?> SessionOfAsync(Grant? grant, Client client, CancellationToken ct) =>
        grant is not null && LivesInSession(grant, client) ? await sessions.FindAsync(grant.Approval!.SessionId!, ct) : null;

    private async ValueTask<string?> CommitAsync(Grant grant, Client client, SenderKey? boundTo, DateTimeOffset now, CancellationToken ct)
    {
        if (Rotates(client, boundTo))
            return await grants.TryRotateAsync(grant.Id, grant.Generation, now, ct) ? "rotated" : "lost";
        if (now - (grant.UsedAt ?? grant.RotatedAt) < TouchInterval)
            return null;
        return await grants.TryTouchAsync(grant.Id, now, ct) ? "used" : "lost";
    }

    private (Request Asked, GrantId? Id) Parse(AuthenticatedTokenRequest request)
    {
        var text = request.Form["refresh_token"];
        var generation = 0;
        GrantId? id = null;
        SenderKey? bound = null;
        if (text is not null && tokens.Credentials.TryReadRefreshToken(text, out var found, out generation, out bound))
            id = found;
        var wellFormed = ScopeSet.TryParse(request.Form["scope"], out var scope);
        return (new(request.Client, text, generation, scope, !wellFormed, request.Form.Values("resource"), request.Shown, bound), id);
    }
}
