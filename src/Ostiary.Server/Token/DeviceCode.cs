using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Apis;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.DeviceAuthorization;
using Ostiary.Server.Grants;
using Ostiary.Server.Senders;
using Ostiary.Server.Stores;
using Ostiary.Server.Tokens;

namespace Ostiary.Server.Token;

/// <summary>grant_type=urn:ietf:params:oauth:grant-type:device_code: a device asks whether the person has answered. RFC 8628 §3.4</summary>
public sealed class DeviceCodeGrant(IGrantStore grants, TokenIssuer tokens) : ITokenGrant
{
    public string GrantType => ClientNames.DeviceCode;

    internal sealed record Request(Client Client, string? Code, IReadOnlyList<string> Resources, ShownKeys Shown) : ISenderRequest;

    /// <param name="ExpiresAt">The end that the code carries; null where the code is none of ours.</param>
    /// <param name="TooFast">It waits, and asked again too early.</param>
    internal sealed record Facts(DateTimeOffset? ExpiresAt, Grant? Grant, bool TooFast, Snapshot Snapshot) : ISenderFacts
    {
        public SenderKey? BoundTo => Grant!.Request.Sender;
        public bool SomeApiBinds => Snapshot.SomeApiBinds;

        public Api? ApiOf(ISenderRequest request) => GrantRules.ApiFor(((Request)request).Resources, Grant!, request.Client, Snapshot);
    }

    private readonly DevicePolls _polls = new();

    // csharpier-ignore
    internal static readonly RuleList<Request, Facts> Rules = new("token.device_code")
    {
        { "the client may use this grant",                Reason.ClientMayNotUseGrant,      "RFC 6749 §5.2",   (r, f, now) => r.Client.May(ClientNames.DeviceCode) },
        { "device_code is present",                       Reason.DeviceCodeMissing,         "RFC 8628 §3.4",   (r, f, now) => r.Code is not null },
        { "the device code is one of ours",               Reason.DeviceCodeUnknown,         "RFC 8628 §3.5",   (r, f, now) => f.ExpiresAt is not null },
        { "it was issued to this client",                 Reason.DeviceCodeOfAnotherClient, "RFC 8628 §3.4",   (r, f, now) => f.Grant is null || f.Grant.ClientId == r.Client.Id },
        { "the person has not declined",                  Reason.DeviceDeclined,            "RFC 8628 §3.5",   (r, f, now) => f.Grant is not { End: GrantEnd.Denied } },
        { "the device code was not used before",          Reason.DeviceCodeUsed,            "RFC 8628 §3.5",   (r, f, now) => f.Grant is not { Status: GrantStatus.Active } },
        { "its grant has not ended",                      Reason.GrantEnded,                "RFC 6749 §5.2",   (r, f, now) => f.Grant is not { Status: GrantStatus.Ended } },
        { "the device code has not expired",              Reason.DeviceCodeExpired,         "RFC 8628 §3.5",   (r, f, now) => f.Grant is not null && now < f.ExpiresAt && now < f.Grant.ExpiresAt },
        { "the device waits between its requests",        Reason.PollingTooFast,            "RFC 8628 §3.5",   (r, f, now) => !f.TooFast },
        { "the person has answered",                      Reason.AuthorizationPending,      "RFC 8628 §3.5",   (r, f, now) => f.Grant!.Status == GrantStatus.Approved },
        { "the user can still sign in",                   Reason.SubjectUnavailable,        "RFC 6749 §5.2",   (r, f, now) => GrantRules.SubjectIsAvailable(f.Grant!, f.Snapshot) },
        { "it asks for one API",                          Reason.ResourcesCombined,         "RFC 8707 §2.2",   (r, f, now) => r.Resources.Count <= 1 || r.Resources.Distinct(StringComparer.Ordinal).Count() == 1 },
        { "it asks for an API that was granted",          Reason.ResourceExceedsGrant,      "RFC 8707 §2.2",   (r, f, now) => GrantRules.IsGranted(r.Resources, f.Grant!, r.Client, f.Snapshot) },
        SenderRules.All,
    };

    public async ValueTask<TokenOutcome> ExchangeAsync(AuthenticatedTokenRequest request, CancellationToken ct)
    {
        var (client, snapshot, now) = (request.Client, request.Snapshot, request.Now);
        var asked = new Request(client, request.Form["device_code"], request.Form.Values("resource"), request.Shown);
        var facts = await LoadAsync(asked, snapshot, now, ct);
        var verdict = Rules.Judge(asked, facts, now);
        string? change = null;
        if (verdict.Allowed)
        {
            // The one conditional write decides every race; who lost is judged again, on what the winner left.
            var id = facts.Grant!.Id;
            if (await grants.TryRedeemAsync(facts.Grant, GrantRules.ExpiryOf(facts.Grant, client, snapshot, now), now, ct))
                change = "redeemed";
            else
                verdict = Lost(Rules.Judge(asked, facts = facts with { Grant = await grants.FindAsync(id, ct) }, now));
        }
        var record = GrantRules.Record(verdict, request, facts.Grant) with { Change = change };
        if (!verdict.Allowed)
            return new(record, null);
        var grant = facts.Grant!;
        var api = GrantRules.ApiFor(asked.Resources, grant, client, snapshot);
        var scope = TokenTarget.For(api, GrantRules.ScopeOf(grant, client));
        var response = tokens.ForGrant(
            grant,
            client,
            api,
            scope,
            grant.Approval!.Refreshable ? 1 : 0,
            snapshot,
            now,
            TokenKeys.Of(client, request.Shown.For(client, api))
        );
        return new(GrantRules.Issued(record, response), response);
    }

    private async ValueTask<Facts> LoadAsync(Request asked, Snapshot snapshot, DateTimeOffset now, CancellationToken ct)
    {
        if (asked.Code is null || !tokens.Credentials.TryReadDeviceCode(asked.Code, out var id, out var expiresAt))
            return new(null, null, TooFast: false, snapshot);
        var grant = await grants.FindAsync(id, ct);
        var isWaiting = grant is { Status: GrantStatus.Requested } && grant.ClientId == asked.Client.Id && now < expiresAt;
        return new(expiresAt, grant, isWaiting && _polls.IsTooFast(id, now), snapshot);
    }

    private static Verdict Lost(Verdict verdict) => verdict.Allowed ? verdict with { Refused = Reason.DeviceCodeUsed } : verdict;
}
