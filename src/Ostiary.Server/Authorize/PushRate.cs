using System.Net;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Clients;
using Ostiary.Server.Http;

namespace Ostiary.Server.Authorize;

/// <summary>
/// Bounds how often requests are pushed. They leave no row, but each costs a judgement and a seal. A client that authenticates answers for itself; a public one
/// is anybody, so the network answers for it.
/// </summary>
internal sealed class PushRate(Issuer issuer)
{
    public const int ClientBurst = 1000;
    public const int NetworkBurst = 300;
    public static readonly TimeSpan ClientInterval = TimeSpan.FromMilliseconds(10);
    public static readonly TimeSpan NetworkInterval = TimeSpan.FromMilliseconds(200);

    private readonly RateTable _clients = new(issuer.Master.Derive("throttle"), "push+client", ClientBurst, ClientInterval, issuer.Time);
    private readonly RateTable _networks = new(issuer.Master.Derive("throttle"), "push+network", NetworkBurst, NetworkInterval, issuer.Time);

    internal sealed record Facts(bool HasRoom);

    // csharpier-ignore
    internal static readonly RuleList<Client, Facts> Rules = new("par.rate")
    {
        { "the client, or the network of a public one, has not pushed too many requests", Reason.TooManyRequests, "RFC 6585 §4", (r, f, now) => f.HasRoom },
    };

    /// <summary>Takes the room for one request. An address of this machine stands for no network, as with <see cref="WaitingRequests"/>.</summary>
    public Verdict Enter(HttpContext http, Client client) => Rules.Judge(client, new(HasRoom(http, client)), issuer.Now);

    private bool HasRoom(HttpContext http, Client client)
    {
        if (!client.IsPublic)
            return _clients.TryTake(client.Id, out _);
        return http.Connection.RemoteIpAddress is not { } address || IPAddress.IsLoopback(address) || _networks.TryTake(Network.Of(address), out _);
    }
}
