using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Ostiary.Protocol;

namespace Ostiary.AspNetCore.Api;

/// <summary>The metadata of this API: whom a client asks for tokens, and for which scopes. The address comes from the options, never from a request. RFC 9728 §3</summary>
internal sealed class ResourceMetadata(ApiOptions options)
{
    private readonly string? _own = ProtectedResource.AddressOf(options.Audience);
    private readonly PathString _path = PathOf(ProtectedResource.AddressOf(options.Audience));
    private volatile byte[]? _document;

    /// <summary>Whether this program answers where its own metadata are.</summary>
    public bool IsServed { get; set; }

    /// <summary>What challenges name.</summary>
    public string? Address => options.MetadataAddress is { } named ? (named.Length > 0 ? named : null) : (IsServed ? _own : null);

    public bool IsAskedBy(HttpContext http) => _path.HasValue && http.Request.Path.Equals(_path, StringComparison.Ordinal);

    public Task WriteAsync(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.AccessControlAllowOrigin = "*"; // Clients in browsers read it before anybody knows them.
        if (HttpMethods.IsOptions(http.Request.Method))
        {
            headers.AccessControlAllowMethods = "GET";
            headers.AccessControlAllowHeaders = "mcp-protocol-version";
            headers.AccessControlMaxAge = "600";
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }
        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
        {
            headers.Allow = "GET, HEAD, OPTIONS";
            http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return Task.CompletedTask;
        }
        var document = _document ??= Describe(http.RequestServices).ToJson();
        headers.CacheControl = "public, max-age=300";
        headers.XContentTypeOptions = "nosniff";
        http.Response.ContentType = "application/json"; // RFC 9728 §3.2
        http.Response.ContentLength = document.Length;
        return HttpMethods.IsHead(http.Request.Method) ? Task.CompletedTask : http.Response.Body.WriteAsync(document, http.RequestAborted).AsTask();
    }

    /// <summary>The scopes are those that the endpoints of the program demand.</summary>
    private ProtectedResource Describe(IServiceProvider services) =>
        new()
        {
            Identifier = options.Audience,
            AuthorizationServer = options.Issuer,
            Name = options.Name,
            RequiresDpop = options.RequireDpop,
            RequiresCertificate = options.RequireCertificate,
            Scopes = ScopeSet.Of(
                services
                    .GetServices<EndpointDataSource>()
                    .SelectMany(source => source.Endpoints)
                    .SelectMany(endpoint => endpoint.Metadata.GetOrderedMetadata<TokenRequirement>())
                    .SelectMany(requirement => requirement.Scopes.Tokens)
            ),
        };

    private static PathString PathOf(string? address) => address is null ? default : new PathString(new Uri(address).AbsolutePath);
}
