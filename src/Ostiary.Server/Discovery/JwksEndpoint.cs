using Microsoft.AspNetCore.Http;
using Ostiary.Server.Keys;

namespace Ostiary.Server.Discovery;

/// <summary>GET /.well-known/jwks.json. RFC 7517 §5</summary>
public sealed class JwksEndpoint(KeyRing keys)
{
    public Task HandleAsync(HttpContext http)
    {
        var jwks = keys.Jwks;
        http.Response.Headers.ETag = jwks.ETag;
        http.Response.Headers.CacheControl = jwks.CacheControl;
        http.Response.Headers.AccessControlAllowOrigin = "*";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        if (http.Request.Headers.IfNoneMatch == jwks.ETag)
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }
        http.Response.ContentType = JwksDocument.ContentType;
        http.Response.ContentLength = jwks.Bytes.Length;
        return http.Response.Body.WriteAsync(jwks.Bytes, http.RequestAborted).AsTask();
    }
}
