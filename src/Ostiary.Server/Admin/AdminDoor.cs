using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Ostiary.Protocol;
using Ostiary.Protocol.Dpop;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;
using Ostiary.Server.Senders;
using Ostiary.Server.Tokens;

namespace Ostiary.Server.Admin;

/// <summary>
/// Who may administer: the owner of the data directory over its Unix socket, which only that account can open; elsewhere a client by an access token for
/// <c>{issuer}/admin</c> with the scope <c>ostiary:admin</c> that it got for itself. A token that a person approved never administers.
/// </summary>
internal sealed class AdminDoor(Issuer issuer, TokenStatus status, Proofs proofs)
{
    private sealed record Facts(SenderKey? BoundTo, DpopExpectation Expected) : ITokenUseFacts;

    public async ValueTask<AdminCaller?> AuthorizeAsync(HttpContext http)
    {
        if (http.Features.Get<IConnectionSocketFeature>()?.Socket.LocalEndPoint is UnixDomainSocketEndPoint)
            return AdminCaller.Owner;
        var sent = PresentedAccessToken.Read(http); // RFC 6750 §2.1
        if (sent.Token is not { } text)
            return null;
        var presented = await status.LoadAsync(text, http.RequestAborted);
        if (TokenStatus.Refuse(presented, issuer.Configuration.Current, issuer.Now) is not null)
            return null;
        if (await RefuseSenderAsync(http, sent, presented.Token!) is { } reason)
        {
            if (sent.AsDpop || presented.Token!.Sender is { Kind: SenderKeyKind.Dpop })
                http.Response.Headers.WWWAuthenticate = DpopChallenge.Of(reason);
            return null;
        }
        var token = presented.Token!;
        var may = token.Audience == AdministrationApi.IdentifierOf(issuer.Url) && token.Scope.Contains(KnownScopes.Administration);
        return new(token.Subject, token.Id, may && token.GrantId is null);
    }

    /// <summary>Whether who presents the token is who it is bound to. RFC 9449 §7.1</summary>
    private async ValueTask<Reason?> RefuseSenderAsync(HttpContext http, PresentedAccessToken sent, AccessToken token)
    {
        var now = issuer.Now;
        var raw = http.Features.Get<IHttpRequestFeature>()!.RawTarget; // As it was sent: the proof names it so.
        var target = raw[Math.Max(0, raw.IndexOf(AdminService.BasePath, StringComparison.Ordinal))..];
        var expected = proofs.Expect(http, sent.Proof, target, issuer.Configuration.Current, now, sent.Token);
        var verdict = DpopTokenRules.All.Judge(sent, new Facts(token.Sender, expected), now);
        if (verdict.Allowed && sent.Proof is { } proof)
            verdict = await proofs.UseUpAsync(verdict, proof, now, http.RequestAborted);
        return verdict.Refused;
    }
}
