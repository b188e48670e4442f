using Microsoft.AspNetCore.Http;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Clients;

/// <summary>A 401 names a method of client authentication, and the Basic one where the client tried it. RFC 6749 §5.2</summary>
public static class ClientChallenge
{
    public static void Add(HttpContext http, Reason reason, IssuerUrl issuer)
    {
        if (Refusal.For(reason).Status == StatusCodes.Status401Unauthorized)
            http.Response.Headers.WWWAuthenticate = $"Basic realm=\"{issuer.Origin}\", charset=\"UTF-8\""; // RFC 6749 §5.2
        if (Refusal.For(reason).Status == StatusCodes.Status429TooManyRequests)
            http.Response.Headers.RetryAfter = "60";
    }
}
