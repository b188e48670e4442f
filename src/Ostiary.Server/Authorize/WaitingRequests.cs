using System.Net;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Http;

namespace Ostiary.Server.Authorize;

/// <summary>
/// Bounds how many requests strangers can leave waiting in the store: each is a row that nobody has signed in for. An office behind one address stays far
/// below it.
/// </summary>
internal sealed class WaitingRequests(Issuer issuer)
{
    public const int Burst = 300;
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private readonly RateTable _networks = new(issuer.Master.Derive("throttle"), "waiting", Burst, Interval, issuer.Time);

    internal sealed record Facts(bool HasRoom);

    // csharpier-ignore
    internal static readonly RuleList<string, Facts> Rules = new("authorize.waiting")
    {
        { "the network has not left too many sign-ins waiting", Reason.TooManyRequests, "RFC 6585 §4", (r, f, now) => f.HasRoom },
    };

    /// <summary>Takes the room for one request. An address of this machine is a program's or that of a proxy that hides who asks: it stands for no network.</summary>
    public (Verdict Verdict, TimeSpan RetryAfter) Enter(HttpContext http)
    {
        var retryAfter = TimeSpan.Zero;
        var hasRoom =
            http.Connection.RemoteIpAddress is not { } address
            || IPAddress.IsLoopback(address)
            || _networks.TryTake(Network.Of(address), out retryAfter);
        return (Rules.Judge("", new(hasRoom), issuer.Now), retryAfter);
    }
}
