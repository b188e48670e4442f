using Microsoft.AspNetCore.Http;
using Ostiary.Server.Admin;
using Ostiary.Server.Tokens;

namespace Ostiary.Server.Hosting;

/// <summary>
/// Who may administer: whoever can open the Unix socket (its owner), and the holder of an access token of this server for <c>ISSUER/admin</c> with the scope
/// <c>ostiary:admin</c>. Nobody else, from loopback either.
/// </summary>
internal sealed class AdminDoor(OstiaryEndpoints endpoints)
{
    private const string Scope = "ostiary:admin";

    public async ValueTask<AdminCaller?> AuthorizeAsync(HttpContext http)
    {
        if (http.Connection.RemoteIpAddress is null)
            return AdminCaller.Owner;
        var header = http.Request.Headers.Authorization;
        if (header.Count != 1 || !header[0]!.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            return null;
        var issuer = endpoints.Issuer;
        var presented = await endpoints.Status.LoadAsync(header[0]!["Bearer ".Length..].Trim(' '), http.RequestAborted);
        if (TokenStatus.Refuse(presented, issuer.Configuration.Current, issuer.Now) is not null)
            return null;
        var token = presented.Token!;
        return new AdminCaller(token.Subject, token.Id, MayAdminister: token.Audience == issuer.Url.At("/admin") && token.Scope.Contains(Scope));
    }
}
