using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Ostiary.Server.Configuration;
using Ostiary.Server.Tokens;

namespace Ostiary.Server.Admin;

/// <summary>
/// Who may administer: the owner of the data directory over its Unix socket, which only that account can open; elsewhere a client by an access token for
/// <c>{issuer}/admin</c> with the scope <c>ostiary:admin</c> that it got for itself. A token that a person approved never administers.
/// </summary>
internal sealed class AdminDoor(Issuer issuer, TokenStatus status)
{
    private const string Bearer = "Bearer ";

    public async ValueTask<AdminCaller?> AuthorizeAsync(HttpContext http)
    {
        if (http.Features.Get<IConnectionSocketFeature>()?.Socket.LocalEndPoint is UnixDomainSocketEndPoint)
            return AdminCaller.Owner;
        var header = http.Request.Headers.Authorization;
        if (header.Count != 1 || !header[0]!.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)) // RFC 6750 §2.1
            return null;
        var presented = await status.LoadAsync(header[0]![Bearer.Length..].Trim(' '), http.RequestAborted);
        if (TokenStatus.Refuse(presented, issuer.Configuration.Current, issuer.Now) is not null)
            return null;
        var token = presented.Token!;
        var may = token.Audience == AdministrationApi.IdentifierOf(issuer.Url) && token.Scope.Contains(KnownScopes.Administration);
        return new(token.Subject, token.Id, may && token.GrantId is null);
    }
}
