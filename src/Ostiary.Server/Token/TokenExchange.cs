using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Apis;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;
using Ostiary.Server.Senders;
using Ostiary.Server.Tokens;

namespace Ostiary.Server.Token;

/// <summary>
/// grant_type=urn:ietf:params:oauth:grant-type:token-exchange: a service that was called exchanges the caller's token for one to the next service. Nothing is
/// exchanged that no policy of the client names, and what comes of it is never more than what was there. RFC 8693 §2.1
/// </summary>
public sealed class TokenExchangeGrant(TokenIssuer tokens, TokenStatus status) : ITokenGrant
{
    private readonly ExchangedTokens _exchanged = new(tokens.Id, status);

    public string GrantType => ClientNames.TokenExchange;

    internal sealed record Request(
        Client Client,
        FormParameters Form,
        IReadOnlyList<string> Targets,
        ScopeSet Scope,
        bool ScopeMalformed,
        ShownKeys Shown
    ) : ISenderRequest
    {
        public string Wanted => Form["requested_token_type"] ?? ExchangedTokens.AccessType;
    }

    /// <param name="Api">The one API that is asked for; without a name the subject token's own.</param>
    /// <param name="Policy">The first of the client's that names the subject's client and this API.</param>
    internal sealed record Facts(PresentedToken Subject, PresentedToken? Actor, Api? Api, ExchangePolicy? Policy, Snapshot Snapshot) : ISenderFacts
    {
        public SenderKey? BoundTo => Subject.Token!.Sender;
        public bool SomeApiBinds => Snapshot.SomeApiBinds;

        public Api? ApiOf(ISenderRequest request) => Api;

        /// <summary>
        /// What may be given at most: what the subject token carries, as far as the policy goes. A token for one API carries scopes of another one only where
        /// the person approved them and its API is registered to exchange for them. RFC 8693 §5
        /// </summary>
        public ScopeSet Most => Subject.Token!.Scope.Intersect(Policy!.Scope);
    }

    // csharpier-ignore
    internal static readonly RuleList<Request, Facts> Rules = new("token.exchange")
    {
        { "the client is confidential",                       Reason.ClientNotAuthenticated, "RFC 8693 §5",     (r, f, now) => !r.Client.IsPublic },
        { "the client may use this grant",                    Reason.ClientMayNotUseGrant,   "RFC 6749 §5.2",   (r, f, now) => r.Client.May(ClientNames.TokenExchange) },
        { "subject_token and its type are present",           Reason.SubjectTokenMissing,    "RFC 8693 §2.1",   (r, f, now) => r.Form.Has("subject_token") && r.Form.Has("subject_token_type") },
        { "a kind of token is given that is taken",           Reason.TokenTypeUnsupported,   "RFC 8693 §3",     (r, f, now) => r.Form["subject_token_type"] is ExchangedTokens.AccessType or ExchangedTokens.IdType },
        { "a kind of token is wanted that is given",          Reason.TokenTypeUnsupported,   "RFC 8693 §2.2.1", (r, f, now) => r.Wanted is ExchangedTokens.AccessType || (r.Wanted is ExchangedTokens.JwtType && f.Api is not { TokenFormat: TokenFormat.Opaque }) },
        { "the subject token is a live one of ours",          Reason.SubjectTokenInvalid,    "RFC 8693 §2.2.2", (r, f, now) => TokenStatus.Refuse(f.Subject, f.Snapshot, now) is null },
        { "an ID token was issued to this client",            Reason.SubjectTokenInvalid,    "RFC 8693 §5",     (r, f, now) => r.Form["subject_token_type"] != ExchangedTokens.IdType || f.Subject.Token!.ClientId == r.Client.Id },
        { "the actor token is a live one of this client",     Reason.ActorTokenInvalid,      "RFC 8693 §2.2.2", (r, f, now) => IsActor(r, f, now) },
        { "the subject token lets this actor act with it",    Reason.ActorNotPermitted,      "RFC 8693 §4.4",   (r, f, now) => f.Subject.Token!.MayAct is not { } actor || actor == (f.Actor?.Token!.Subject ?? r.Client.Id) },
        { "a policy names the client of the subject token",   Reason.ExchangeNotAllowed,     "RFC 8693 §5",     (r, f, now) => r.Client.Exchanges.Any(p => p.From.Contains(f.Subject.Token!.ClientId)) },
        { "it is for one API",                                Reason.ResourcesCombined,      "RFC 8707 §2.2",   (r, f, now) => r.Targets.Count <= 1 },
        { "that policy names the API",                        Reason.ExchangeTargetRefused,  "RFC 8693 §2.2.2", (r, f, now) => f.Api is not null && f.Policy is not null },
        { "the scope is well-formed",                         Reason.ScopeMalformed,         "RFC 6749 §3.3",   (r, f, now) => !r.ScopeMalformed },
        { "the scope is within the subject's and the policy's", Reason.ExchangeScopeExceeded, "RFC 8693 §5",    (r, f, now) => r.Scope.IsWithin(f.Most) && !ScopeOf(r, f).IsEmpty },
        { "it was not exchanged too often",                   Reason.ExchangeChainTooLong,   "RFC 8693 §4.1",   (r, f, now) => f.Subject.Token!.Parents.Count < ActorChain.MaxDepth },
        SenderRules.All,
    };

    public async ValueTask<TokenOutcome> ExchangeAsync(AuthenticatedTokenRequest request, CancellationToken ct)
    {
        var form = request.Form;
        var wellFormed = ScopeSet.TryParse(form["scope"], out var scope);
        string[] targets = [.. form.Values("audience").Concat(form.Values("resource")).Distinct(StringComparer.Ordinal)];
        var asked = new Request(request.Client, form, targets, scope, !wellFormed, request.Shown);
        var facts = await LoadAsync(asked, request.Snapshot, ct);
        var verdict = Rules.Judge(asked, facts, request.Now);
        var subject = facts.Subject.Token;
        var record = DecisionRecord.Of(verdict, request.Now, facts.Subject.Grant?.Request.Flow ?? request.Flow) with
        {
            ClientId = request.Client.Id,
            GrantId = subject?.GrantId,
            Subject = subject?.Subject,
            SessionId = subject?.SessionId,
            Network = request.Network,
            Revision = request.Snapshot.Revision,
        };
        if (!verdict.Allowed)
            return new(record, null);
        var granted = ScopeOf(asked, facts);
        var issued = tokens.ForExchange(
            request.Client,
            facts.Api!,
            granted,
            subject!,
            ActorsOf(asked, facts),
            request.Snapshot,
            request.Now,
            request.Shown.For(request.Client, facts.Api) ?? facts.BoundTo // What was bound stays bound.
        );
        var response = new TokenResponse(issued, granted, IssuedTokenType: asked.Wanted);
        return new(GrantRules.Issued(record, response) with { Change = "exchanged" }, response);
    }

    private async ValueTask<Facts> LoadAsync(Request asked, Snapshot snapshot, CancellationToken ct)
    {
        var form = asked.Form;
        var subject = await _exchanged.ReadAsync(form["subject_token"], form["subject_token_type"], snapshot, ct);
        var actor = form["actor_token"] is { } text ? await status.LoadAsync(text, ct, withGrant: true) : null;
        if (subject.Token is not { } token)
            return new(subject, actor, null, null, snapshot);
        var api = snapshot.ApiOfResource(asked.Targets is [var named, ..] ? named : token.Audience);
        var policy = asked.Client.Exchanges.FirstOrDefault(p =>
            p.From.Contains(token.ClientId) && api is not null && p.Audiences.Contains(api.Identifier)
        );
        return new(subject, actor, api, policy, snapshot);
    }

    /// <summary>An exchanged token is none: its subject is somebody for whom the client acts, and would stand there as if it acted itself. RFC 8693 §4.4</summary>
    private static bool IsActor(Request request, Facts facts, DateTimeOffset now)
    {
        if (facts.Actor is not { } actor)
            return !request.Form.Has("actor_token_type");
        return request.Form["actor_token_type"] == ExchangedTokens.AccessType
            && TokenStatus.Refuse(actor, facts.Snapshot, now) is null
            && actor.Token!.ClientId == request.Client.Id
            && actor.Token.Parents.Count == 0
            && (actor.Token.Sender is null || request.Shown.Has(actor.Token.Sender));
    }

    /// <summary>Who acts: the subject of the actor token, or the client itself; nobody new where the policy lets it impersonate. RFC 8693 §4.1</summary>
    private static IReadOnlyList<string> ActorsOf(Request request, Facts facts)
    {
        var before = facts.Subject.Token!.Actors;
        if (facts.Actor?.Token is { } actor)
            return [actor.Subject, .. before];
        return facts.Policy!.Impersonate ? before : [request.Client.Id, .. before];
    }

    private static ScopeSet ScopeOf(Request request, Facts facts) => TokenTarget.For(facts.Api, request.Scope.IsEmpty ? facts.Most : request.Scope);
}
