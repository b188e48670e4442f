using System.Net;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Clients;
using Ostiary.Server.Http;

namespace Ostiary.Server.Authorize;

/// <summary>
/// Bounds how often strangers push requests: they leave no row, but each costs a judgement and a seal. A public client is anybody, so the network answers for
/// it. One that authenticates is known by name, as at the token endpoint, and the lane bounds it.
/// </summary>
internal sealed class PushRate(Issuer issuer)
{
    public const int Burst = 300;
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly RateTable _networks = new(issuer.Master.Derive("throttle"), "push", Burst, Interval, issuer.Time);

    internal sealed record Facts(bool HasRoom);

    // csharpier-ignore
    internal static readonly RuleList<Client, Facts> Rules = new("par.rate")
    {
        { "the network of a public client has not pushed too many requests", Reason.TooManyRequests, "RFC 6585 §4", (r, f, now) => !r.IsPublic || f.HasRoom },
    };

    /// <summary>Takes the room for one request. An address of this machine stands for no network, as with <see cref="WaitingRequests"/>.</summary>
    public Verdict Enter(HttpContext http, Client client) => Rules.Judge(client, new(!client.IsPublic || HasRoom(http)), issuer.Now);

    private bool HasRoom(HttpContext http) =>
        http.Connection.RemoteIpAddress is not { } address || IPAddress.IsLoopback(address) || _networks.TryTake(Network.Of(address), out _);
}
