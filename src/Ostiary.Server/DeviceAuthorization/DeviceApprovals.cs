using Microsoft.AspNetCore.Http;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Authorize;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;
using Ostiary.Server.Grants;
using Ostiary.Server.Http;
using Ostiary.Server.Interaction;
using Ostiary.Server.Sessions;

namespace Ostiary.Server.DeviceAuthorization;

/// <summary>Finds the device that waits with a code, and approves or declines it. It is asked for every device anew: no consent is remembered. RFC 8628 §3.3</summary>
internal sealed class DeviceApprovals(Issuer issuer, UserCodes codes) : IDeviceInteractions
{
    /// <summary>Within the life of a code one account has six guesses at 20⁸ codes. RFC 8628 §5.1</summary>
    private readonly RateTable _subjects = new(
        issuer.Master.Derive("throttle"),
        "user-code",
        burst: 5,
        DeviceAuthorizationEndpoint.Lifetime,
        issuer.Time
    );

    /// <summary>Many accounts in one place.</summary>
    private readonly RateTable _networks = new(
        issuer.Master.Derive("throttle"),
        "user-code+network",
        burst: 50,
        TimeSpan.FromSeconds(30),
        issuer.Time
    );

    internal sealed record Facts(bool HasRoom, Grant? Grant, Client? Client);

    // csharpier-ignore
    internal static readonly RuleList<string, Facts> Rules = new("device.code")
    {
        { "not too many wrong codes were typed", Reason.TooManyUserCodes, "RFC 8628 §5.1",    (r, f, now) => f.HasRoom },
        { "a device waits with this code",       Reason.UserCodeUnknown,  "RFC 8628 §3.3",    (r, f, now) => f.Grant is { Status: GrantStatus.Requested, Request.ForDevice: true } && now < f.Grant.ExpiresAt },
        { "its client is still enabled",         Reason.ClientDisabled,   "RFC 6749 §4.1.2.1", (r, f, now) => f.Client is { Disabled: false } && f.Client.May(ClientNames.DeviceCode) },
    };

    public async ValueTask<DeviceFound> FindAsync(HttpContext http, string typed, Session session)
    {
        var (grant, code, verdict, retryAfter) = await LoadAsync(http, typed, session);
        if (grant is not null)
            Flow.Set(http, grant.Request.Flow);
        Record(http, verdict, grant, session, change: null);
        if (!verdict.Allowed)
            return new(null, verdict.Refused, retryAfter);
        var snapshot = issuer.Configuration.Current;
        return new(PromptText.OfDevice(grant!, snapshot.Client(grant!.ClientId)!, UserCodes.Shown(code), snapshot), null, default);
    }

    public async ValueTask<DeviceFound> AnswerAsync(
        HttpContext http,
        string userCode,
        Session session,
        bool allow,
        IReadOnlyList<string> optionalScopes
    )
    {
        var (grant, code, verdict, retryAfter) = await LoadAsync(http, userCode, session);
        if (grant is not null)
            Flow.Set(http, grant.Request.Flow);
        var now = issuer.Now;
        var snapshot = issuer.Configuration.Current;
        if (verdict.Allowed && !await CommitAsync(grant!, snapshot, session, allow, optionalScopes, now))
            verdict = verdict with { Refused = Reason.UserCodeUnknown };
        var change =
            !verdict.Allowed ? null
            : allow ? "approved"
            : "ended: denied";
        Record(http, verdict, grant, session, change);
        return verdict.Allowed
            ? new(PromptText.OfDevice(grant!, snapshot.Client(grant!.ClientId)!, UserCodes.Shown(code), snapshot), null, default)
            : new(null, verdict.Refused, retryAfter);
    }

    /// <summary>The one conditional write: of several answers the first holds.</summary>
    private ValueTask<bool> CommitAsync(
        Grant grant,
        Snapshot snapshot,
        Session session,
        bool allow,
        IReadOnlyList<string> optionalScopes,
        DateTimeOffset now
    )
    {
        if (!allow)
            return issuer.Stores.Grants.TryEndAsync(grant.Id, GrantEnd.Denied, now, CancellationToken.None);
        var scope = PromptText.Granted(grant.Request.Scope, optionalScopes, snapshot);
        var approval = Approvals.ApprovalOf(snapshot.Client(grant.ClientId)!, session, scope);
        return issuer.Stores.Grants.TryApproveAsync(grant.Id, approval, grant.ExpiresAt, now, CancellationToken.None);
    }

    /// <summary>A guess is counted before it is looked at, so that parallel ones are counted too; a right one is given back.</summary>
    private async ValueTask<(Grant? Grant, string Code, Verdict Verdict, TimeSpan RetryAfter)> LoadAsync(
        HttpContext http,
        string typed,
        Session session
    )
    {
        var place = Network.Of(http) ?? "";
        var hasRoom = _subjects.TryTake(session.Subject, out var retryAfter);
        if (hasRoom && !_networks.TryTake(place, out retryAfter))
        {
            _subjects.GiveBack(session.Subject);
            hasRoom = false;
        }
        var grant =
            hasRoom && UserCodes.TryParse(typed, out _) ? await issuer.Stores.Grants.FindAsync(codes.IdOf(CodeOf(typed)), http.RequestAborted) : null;
        var client = grant is null ? null : issuer.Configuration.Current.Client(grant.ClientId);
        var verdict = Rules.Judge("", new(hasRoom, grant, client), issuer.Now);
        if (hasRoom && verdict.Refused != Reason.UserCodeUnknown)
        {
            _subjects.GiveBack(session.Subject);
            _networks.GiveBack(place);
        }
        return (grant, CodeOf(typed), verdict, retryAfter);
    }

    private static string CodeOf(string typed) => UserCodes.TryParse(typed, out var code) ? code : "";

    private void Record(HttpContext http, Verdict verdict, Grant? grant, Session session, string? change) =>
        issuer.Log.Record(
            DecisionRecord.Of(verdict, issuer.Now, Flow.Of(http)) with
            {
                ClientId = grant?.ClientId,
                GrantId = grant?.Id.ToString(),
                Subject = session.Subject,
                SessionId = session.Id,
                Scope = grant?.Request.Scope.ToString(),
                Change = change,
                Network = Network.Of(http),
                Revision = issuer.Configuration.Current.Revision,
            }
        );
}
