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

/// <summary>grant_type=client_credentials. RFC 6749 §4.4</summary>
public sealed class ClientCredentialsGrant(TokenIssuer tokens) : ITokenGrant
{
    public string GrantType => "client_credentials";

    internal sealed record Request(Client Client, ScopeSet Scope, bool ScopeMalformed, IReadOnlyList<string> Resources, ShownKeys Shown)
        : ITargetRequest,
            ISenderRequest;

    internal sealed record Facts(Snapshot Snapshot) : ITargetFacts, ISenderFacts
    {
        public SenderKey? BoundTo => null;
        public bool SomeApiBinds => Snapshot.SomeApiBinds;

        public Api? ApiOf(ISenderRequest request) =>
            request is Request asked && TokenTarget.Of(asked.Scope, asked.Resources, asked.Client, Snapshot).Apis is [var api, ..] ? api : null;
    }

    // csharpier-ignore
    internal static readonly RuleList<Request, Facts> Rules = new("token.client_credentials")
    {
        { "the client is confidential",            Reason.ClientNotAuthenticated, "RFC 6749 §4.4",   (r, f, now) => !r.Client.IsPublic },
        { "the client may use this grant",         Reason.ClientMayNotUseGrant,   "RFC 6749 §5.2",   (r, f, now) => r.Client.May("client_credentials") },
        TargetRules.All,
        { "no scope is about a person",            Reason.ScopeNotAllowed,        "RFC 6749 §4.4.2", (r, f, now) => !r.Scope.Tokens.Any(Claims.UserClaims.OpenIdScopes.Contains) },
        { "it is for one API",                     Reason.ResourcesCombined,      "RFC 8707 §2.2",   (r, f, now) => TokenTarget.Of(r.Scope, r.Resources, r.Client, f.Snapshot).Apis.Count <= 1 },
        SenderRules.All,
    };

    public ValueTask<TokenOutcome> ExchangeAsync(AuthenticatedTokenRequest request, CancellationToken ct)
    {
        var wellFormed = ScopeSet.TryParse(request.Form["scope"], out var scope);
        var asked = new Request(request.Client, scope, !wellFormed, request.Form.Values("resource"), request.Shown);
        var verdict = Rules.Judge(asked, new(request.Snapshot), request.Now);
        var record = DecisionRecord.Of(verdict, request.Now, request.Flow) with
        {
            ClientId = request.Client.Id,
            Network = request.Network,
            Revision = request.Snapshot.Revision,
        };
        if (!verdict.Allowed)
            return ValueTask.FromResult(new TokenOutcome(record, null));
        var target = TokenTarget.Of(scope, asked.Resources, request.Client, request.Snapshot);
        var api = target.Apis.Count == 0 ? null : target.Apis[0];
        var granted = TokenTarget.For(api, target.Scope);
        var issued = tokens.ForClient(request.Client, api, granted, request.Snapshot, request.Now, request.Shown.For(request.Client, api));
        record = record with
        {
            TokenId = issued.Content.Id,
            Scope = granted.ToString(),
            Audience = issued.Content.Audience,
            Subject = issued.Content.Subject,
        };
        return ValueTask.FromResult(new TokenOutcome(record, new TokenResponse(issued, granted)));
    }
}
