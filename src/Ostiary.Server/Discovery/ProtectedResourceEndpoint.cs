using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Server.Apis;

namespace Ostiary.Server.Discovery;

/// <summary>
/// GET /.well-known/oauth-protected-resource/…: the metadata of an API that does not serve them itself. After the well-known part stands the API's path, where it shares
/// the issuer's origin, or else its host and path. RFC 9728 §3
/// </summary>
public sealed class ProtectedResourceEndpoint(Issuer issuer)
{
    private volatile Cached? _cached;

    private sealed record Cached(long Revision, FrozenDictionary<string, byte[]> Documents);

    public Task HandleAsync(HttpContext http)
    {
        http.Response.Headers.AccessControlAllowOrigin = "*";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        var place = http.Request.RouteValues["resource"] as string ?? "";
        if (!Current().TryGetValue(place.Trim('/'), out var document))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }
        http.Response.ContentType = "application/json";
        http.Response.Headers.CacheControl = "public, max-age=300";
        http.Response.ContentLength = document.Length;
        return http.Response.Body.WriteAsync(document, http.RequestAborted).AsTask();
    }

    private FrozenDictionary<string, byte[]> Current()
    {
        var snapshot = issuer.Configuration.Current;
        if (_cached is { } cached && cached.Revision == snapshot.Revision)
            return cached.Documents;
        var documents = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var api in snapshot.Apis.Values)
        {
            if (!ProtectedResource.TrySplit(api.Identifier, out var origin, out var path))
                continue;
            var document = Describe(api).ToJson();
            documents.TryAdd((origin[(origin.IndexOf("://", StringComparison.Ordinal) + 3)..] + path).TrimEnd('/'), document);
            if (origin == issuer.Url.Origin && (path + "/").StartsWith(issuer.Url.Path + "/", StringComparison.Ordinal))
                documents[path[issuer.Url.Path.Length..].Trim('/')] = document;
        }
        var frozen = documents.ToFrozenDictionary(StringComparer.Ordinal);
        _cached = new(snapshot.Revision, frozen);
        return frozen;
    }

    private ProtectedResource Describe(Api api) =>
        new()
        {
            Identifier = api.Identifier,
            AuthorizationServer = issuer.Url.Text,
            Name = api.Name,
            Scopes = api.AllScopes,
            RequiresDpop = api.RequireDpop,
            RequiresCertificate = api.RequireCertificate,
        };
}
