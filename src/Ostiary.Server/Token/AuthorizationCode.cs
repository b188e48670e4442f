using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Apis;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;
using Ostiary.Server.Grants;
using Ostiary.Server.Senders;
using Ostiary.Server.Stores;
using Ostiary.Server.Tokens;

namespace Ostiary.Server.Token;

/// <summary>grant_type=authorization_code. RFC 6749 §4.1.3, RFC 7636 §4.5, OAuth 2.1 §4.1.3</summary>
public sealed class AuthorizationCodeGrant(IGrantStore grants, TokenIssuer tokens) : ITokenGrant
{
    public string GrantType => "authorization_code";

    internal sealed record Request(
        Client Client,
        string? Code,
        string? Verifier,
        string? RedirectUri,
        IReadOnlyList<string> Resources,
        ShownKeys Shown
    ) : ISenderRequest;

    /// <param name="WrongVerifiers">How many were tried before.</param>
    internal sealed record Facts(Grant? Grant, Snapshot Snapshot, int WrongVerifiers) : ISenderFacts
    {
        public SenderKey? BoundTo => Grant!.Request.Sender;
        public bool SomeApiBinds => Snapshot.SomeApiBinds;

        public Api? ApiOf(ISenderRequest request) => GrantRules.ApiFor(((Request)request).Resources, Grant!, request.Client, Snapshot);
    }

    private readonly VerifierTries _tries = new();

    // The client and the verifier are asked before the replay, so a thief without them cannot end the grant.
    // csharpier-ignore
    internal static readonly RuleList<Request, Facts> Rules = new("token.authorization_code")
    {
        { "the client may use this grant",                      Reason.ClientMayNotUseGrant, "RFC 6749 §5.2",    (r, f, now) => r.Client.May("authorization_code") },
        { "code is present",                                    Reason.CodeMissing,          "RFC 6749 §4.1.3",  (r, f, now) => r.Code is not null },
        { "the code is one of ours",                            Reason.CodeUnknown,          "RFC 6749 §5.2",    (r, f, now) => f.Grant is { Status: not GrantStatus.Requested } },
        { "it was issued to this client",                       Reason.CodeOfAnotherClient,  "RFC 6749 §4.1.3",  (r, f, now) => f.Grant!.ClientId == r.Client.Id },
        { "redirect_uri is that of the request; only with PKCE it may be left out", Reason.RedirectUriChanged, "RFC 6749 §4.1.3", (r, f, now) => r.RedirectUri is null ? f.Grant!.Request.CodeChallenge is not null : r.RedirectUri == f.Grant!.Request.RedirectUri },
        { "code_verifier is present for a code_challenge",      Reason.VerifierMissing,      "RFC 7636 §4.6",    (r, f, now) => f.Grant!.Request.CodeChallenge is null || r.Verifier is not null },
        { "code_verifier is absent without a code_challenge",   Reason.VerifierUnexpected,   "RFC 9700 §4.8.2",  (r, f, now) => f.Grant!.Request.CodeChallenge is not null || r.Verifier is null },
        { "code_verifier is well-formed",                       Reason.VerifierMalformed,    "RFC 7636 §4.1",    (r, f, now) => r.Verifier is null || Pkce.IsVerifier(r.Verifier) },
        { "not too many wrong code_verifiers were tried",       Reason.TooManyVerifiers,     "RFC 6749 §10.10",  (r, f, now) => f.WrongVerifiers < VerifierTries.Max },
        { "code_verifier matches the code_challenge",           Reason.VerifierMismatch,     "RFC 7636 §4.6",    (r, f, now) => r.Verifier is null || Pkce.Matches(r.Verifier, f.Grant!.Request.CodeChallenge!) },
        { "the code was not used before",                       Reason.CodeReplayed,         "OAuth 2.1 §4.1.3", (r, f, now) => f.Grant!.Status != GrantStatus.Active && f.Grant.End != GrantEnd.CodeReplayed },
        { "its grant has not ended",                            Reason.GrantEnded,           "RFC 6749 §5.2",    (r, f, now) => f.Grant!.Status != GrantStatus.Ended },
        { "the code has not expired",                           Reason.CodeExpired,          "RFC 6749 §4.1.2",  (r, f, now) => now < f.Grant!.ExpiresAt },
        { "the user can still sign in",                         Reason.SubjectUnavailable,   "RFC 6749 §5.2",    (r, f, now) => GrantRules.SubjectIsAvailable(f.Grant!, f.Snapshot) },
        { "it asks for one API",                                Reason.ResourcesCombined,    "RFC 8707 §2.2",    (r, f, now) => r.Resources.Count <= 1 || r.Resources.Distinct(StringComparer.Ordinal).Count() == 1 },
        { "it asks for an API that was granted",                Reason.ResourceExceedsGrant, "RFC 8707 §2.2",    (r, f, now) => GrantRules.IsGranted(r.Resources, f.Grant!, r.Client, f.Snapshot) },
        SenderRules.All,
    };

    public async ValueTask<TokenOutcome> ExchangeAsync(AuthenticatedTokenRequest request, CancellationToken ct)
    {
        var (client, snapshot, now) = (request.Client, request.Snapshot, request.Now);
        var form = request.Form;
        var asked = new Request(client, form["code"], form["code_verifier"], form["redirect_uri"], form.Values("resource"), request.Shown);

        var grant = await FindAsync(asked.Code, ct);
        var wrongBefore = _tries.Before(grant, client, asked.Verifier, now);
        var verdict = Rules.Judge(asked, new(grant, snapshot, wrongBefore), now);
        string? change = null;
        if (verdict.Allowed)
        {
            // The one conditional write decides every race; who lost is judged again, on what the winner left.
            if (await grants.TryRedeemAsync(grant!, GrantRules.ExpiryOf(grant!, client, snapshot, now), now, ct))
                change = "redeemed";
            else
                verdict = Lost(Rules.Judge(asked, new(grant = await grants.FindAsync(grant!.Id, ct), snapshot, wrongBefore), now));
        }
        if (verdict.Refused is Reason.CodeReplayed && await grants.TryEndAsync(grant!.Id, GrantEnd.CodeReplayed, now, ct)) // RFC 6749 §4.1.2
            change = "ended: code-replayed";

        var record = GrantRules.Record(verdict, request, grant) with { Change = change };
        if (!verdict.Allowed)
            return new(record, null);
        var api = GrantRules.ApiFor(asked.Resources, grant!, client, snapshot);
        var scope = TokenTarget.For(api, GrantRules.ScopeOf(grant!, client));
        var response = tokens.ForGrant(
            grant!,
            client,
            api,
            scope,
            grant!.Approval!.Refreshable ? 1 : 0,
            snapshot,
            now,
            TokenKeys.Of(client, request.Shown.For(client, api))
        );
        return new(GrantRules.Issued(record, response), response);
    }

    private ValueTask<Grant?> FindAsync(string? code, CancellationToken ct) =>
        code is not null && tokens.Credentials.TryReadCode(code, out var id) ? grants.FindAsync(id, ct) : ValueTask.FromResult<Grant?>(null);

    private static Verdict Lost(Verdict verdict) => verdict.Allowed ? verdict with { Refused = Reason.CodeReplayed } : verdict;
}
