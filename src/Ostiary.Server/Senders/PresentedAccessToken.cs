using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Protocol.Dpop;

namespace Ostiary.Server.Senders;

/// <summary>An access token in the Authorization header, as <c>Bearer</c> or as <c>DPoP</c>. RFC 6750 §2.1, RFC 9449 §7.1</summary>
internal sealed record PresentedAccessToken(string? Token, bool AsDpop, bool Malformed, DpopProof? Proof, SenderKey? Certificate) : ITokenUse
{
    private const string Bearer = "Bearer ";
    private const string Dpop = "DPoP ";

    public static PresentedAccessToken Read(HttpContext http)
    {
        var header = http.Request.Headers.Authorization;
        if (header.Count == 0)
            return new(null, false, false, null, PresentedCertificate.Of(http).Key);
        if (header.Count == 1 && header[0]!.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
            return new(header[0]![Bearer.Length..].Trim(' '), false, false, null, PresentedCertificate.Of(http).Key); // RFC 8705 §3
        if (header.Count == 1 && header[0]!.StartsWith(Dpop, StringComparison.OrdinalIgnoreCase)) // RFC 9449 §7.1
            return new(header[0]![Dpop.Length..].Trim(' '), true, false, Proofs.Read(http), null);
        return new(null, false, true, null, null);
    }
}
