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
    private const string AccessTokenType = "urn:ietf:params:oauth:token-type:access_token"; // RFC 8693 §3

    public string GrantType => ClientNames.TokenExchange;

    internal sealed record Request(
        Client Client,
        FormParameters Form,
        IReadOnlyList<string> Targets,
        ScopeSet Scope,
        bool ScopeMalformed,
        SenderKey? Sender
    ) : ISenderRequest;

    /// <param name="Api">The one API that is asked for; without a name the subject token's own.</param>
    /// <param name="Policy">The first of the client's that names the subject's client and this API.</param>
    internal sealed record Facts(PresentedToken Subject, PresentedToken? Actor, Api? Api, ExchangePolicy? Policy, Snapshot Snapshot) : ISenderFacts
    {
        public SenderKey? BoundTo => Subject.Token!.Sender;
        public bool SomeApiBinds => Snapshot.SomeApiBinds;

        public Api? ApiOf(ISenderRequest request) => Api;

        /// <summary>
        /// What may be given at most, as far as the policy goes: what the token says; and for another API, whose scopes no token of this one can have, what the
        /// person approved.
        /// </summary>
        public ScopeSet Most
        {
            get
            {
                var (token, approved) = (Subject.Token!, Subject.Grant?.Approval?.Scope ?? ScopeSet.None);
                var elsewhere = approved.Where(s => Api!.Identifier != token.Audience && Api.Scopes.Any(a => a.Name == s));
                return token.Scope.Union(elsewhere).Intersect(Policy!.Scope);
            }
        }
    }

    // csharpier-ignore
    internal static readonly RuleList<Request, Facts> Rules = new("token.exchange")
    {
        { "the client is confidential",                       Reason.ClientNotAuthenticated, "RFC 8693 §5",     (r, f, now) => !r.Client.IsPublic },
        { "the client may use this grant",                    Reason.ClientMayNotUseGrant,   "RFC 6749 §5.2",   (r, f, now) => r.Client.May(ClientNames.TokenExchange) },
        { "subject_token and its type are present",           Reason.SubjectTokenMissing,    "RFC 8693 §2.1",   (r, f, now) => r.Form.Has("subject_token") && r.Form.Has("subject_token_type") },
        { "an access token is given and wanted",              Reason.TokenTypeUnsupported,   "RFC 8693 §3",     (r, f, now) => r.Form["subject_token_type"] == AccessTokenType && (r.Form["requested_token_type"] ?? AccessTokenType) == AccessTokenType },
        { "the subject token is a live one of ours",          Reason.SubjectTokenInvalid,    "RFC 8693 §2.2.2", (r, f, now) => TokenStatus.Refuse(f.Subject, f.Snapshot, now) is null },
        { "the actor token is a live one of this client",     Reason.ActorTokenInvalid,      "RFC 8693 §2.2.2", (r, f, now) => IsActor(r, f, now) },
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
        var asked = new Request(request.Client, form, targets, scope, !wellFormed, request.Sender);
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
            request.Sender
        );
        var response = new TokenResponse(issued, granted, IssuedTokenType: AccessTokenType);
        return new(GrantRules.Issued(record, response) with { Change = "exchanged" }, response);
    }

    private async ValueTask<Facts> LoadAsync(Request asked, Snapshot snapshot, CancellationToken ct)
    {
        var subject = await LoadAsync(asked.Form["subject_token"], ct);
        var actor = asked.Form.Has("actor_token") ? await LoadAsync(asked.Form["actor_token"], ct) : null;
        if (subject.Token is not { } token)
            return new(subject, actor, null, null, snapshot);
        var api = snapshot.ApiOfResource(asked.Targets is [var named, ..] ? named : token.Audience);
        var policy = asked.Client.Exchanges.FirstOrDefault(p =>
            p.From.Contains(token.ClientId) && api is not null && p.Audiences.Contains(api.Identifier)
        );
        return new(subject, actor, api, policy, snapshot);
    }

    private async ValueTask<PresentedToken> LoadAsync(string? text, CancellationToken ct) =>
        text is null ? PresentedToken.None : await status.LoadAsync(text, ct, withGrant: true);

    private static bool IsActor(Request request, Facts facts, DateTimeOffset now)
    {
        if (facts.Actor is not { } actor)
            return !request.Form.Has("actor_token_type");
        return request.Form["actor_token_type"] == AccessTokenType
            && TokenStatus.Refuse(actor, facts.Snapshot, now) is null
            && actor.Token!.ClientId == request.Client.Id
            && (actor.Token.Sender is null || actor.Token.Sender == request.Sender);
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
