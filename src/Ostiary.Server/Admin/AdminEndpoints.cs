using System.Buffers;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Net.Http.Headers;
using Ostiary.Protocol.Dpop;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;
using Ostiary.Server.Hosting;
using Ostiary.Server.Http;

namespace Ostiary.Server.Admin;

/// <summary>The administration API over HTTP: <see cref="AdminService"/> behind a thin door.</summary>
public static class AdminEndpoints
{
    private static readonly string[] Types = ["application/json", "application/merge-patch+json"];

    /// <param name="prefix">The path of the issuer: empty, or <c>/tenant</c>.</param>
    /// <param name="authorize">Says who asks: the owner over the Unix socket, the holder of an access token with the scope <c>ostiary:admin</c> elsewhere; null for nobody.</param>
    public static void Map(
        IEndpointRouteBuilder endpoints,
        string prefix,
        AdminService service,
        Func<HttpContext, ValueTask<AdminCaller?>> authorize,
        Lane lane
    ) => endpoints.Map(prefix + AdminService.BasePath + "/{**path}", http => HandleAsync(http, prefix, service, authorize)).In(lane);

    private static async Task HandleAsync(HttpContext http, string prefix, AdminService service, Func<HttpContext, ValueTask<AdminCaller?>> authorize)
    {
        var request = new AdminRequest(http.Request.Method, PathOf(http), AdminCaller.Owner) { Flow = Flow.Of(http), Network = Network.Of(http) };
        var isDescription = request is { Path: "/openapi.json", Method: "GET" };
        var caller = isDescription ? AdminCaller.Owner : await authorize(http);
        if (caller is null)
        {
            if (http.Response.Headers.WWWAuthenticate.Count == 0)
                http.Response.Headers.WWWAuthenticate = new(["Bearer", DpopChallenge.Of()]); // RFC 6750 §3
            await AnswerAsync(http, prefix, service.Refuse(request with { Caller = new(null, null) }, AdminRefusal.Of(Reason.AdminUnauthorized)));
            return;
        }
        request = request with { Caller = caller };
        var (complete, refusal) = caller.MayAdminister ? await ReadAsync(http, request) : (request, null);
        await AnswerAsync(http, prefix, refusal is null ? await service.SendAsync(complete, http.RequestAborted) : service.Refuse(request, refusal));
    }

    private static async ValueTask<(AdminRequest Request, AdminRefusal? Refusal)> ReadAsync(HttpContext http, AdminRequest request)
    {
        if (RequestReader.ReadQuery(http, out var query) is { } reason)
            return (request, AdminRefusal.Of(reason));
        if (query.Repeated is { } repeated)
            return (request, AdminRefusal.Of(Reason.ParameterRepeated, $"'{DocumentReader.Shorten(repeated)}' is there twice."));
        if (!TryReadRevision(http, out var revision))
            return (request, new(Reason.AdminRequestMalformed, "If-Match: is not an ETag that this API has given."));
        var (body, refusal) = await ReadBodyAsync(http);
        return (request with { Query = query.All, ExpectedRevision = revision, Body = body }, refusal);
    }

    private static async ValueTask<(ReadOnlyMemory<byte> Body, AdminRefusal? Refusal)> ReadBodyAsync(HttpContext http)
    {
        if (await RequestReader.ReadBodyAsync(http, AdminService.MaxBody) is not { } body)
            return (default, AdminRefusal.Of(Reason.RequestTooLarge));
        return body.Length == 0 || IsJson(http.Request)
            ? (body, null)
            : (default, new(Reason.ContentTypeUnsupported, "The body must be application/json in UTF-8."));
    }

    private static bool IsJson(HttpRequest request) =>
        request.Headers.ContentEncoding.Count == 0
        && MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && Types.Contains(type.MediaType.Value, StringComparer.OrdinalIgnoreCase)
        && (!type.Charset.HasValue || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)); // RFC 8259 §8.1

    private static bool TryReadRevision(HttpContext http, out long? revision)
    {
        revision = null;
        var header = http.Request.Headers.IfMatch;
        if (header.Count == 0 || header is ["*"]) // RFC 9110 §13.1.1
            return true;
        if (header is not [{ Length: > 2 and < 24 } tag] || tag[0] != '"' || tag[^1] != '"')
            return false;
        if (!long.TryParse(tag.AsSpan(1, tag.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return false;
        revision = number;
        return true;
    }

    /// <summary>The path as it was sent: identifiers are URIs, and their percent-encoded slashes must not become path separators.</summary>
    private static string PathOf(HttpContext http)
    {
        var target = http.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        var path = target.Split('?', 2)[0];
        var begin = path.IndexOf(AdminService.BasePath, StringComparison.Ordinal);
        return begin < 0 ? "/" : path[(begin + AdminService.BasePath.Length)..];
    }

    private static async Task AnswerAsync(HttpContext http, string prefix, AdminResponse response)
    {
        http.Response.StatusCode = response.Status;
        http.Response.ContentType = response.Lines is null ? "application/json" : "application/jsonl";
        http.Response.ContentLength = response.Lines is null ? response.Body.Length : null;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        if (response.Revision is { } revision)
            http.Response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{revision}\"");
        if (response.Location is { } location)
            http.Response.Headers.Location = prefix + AdminService.BasePath + location;
        if (response.Allow is { } allow)
            http.Response.Headers.Allow = allow;
        if (response.Lines is { } lines)
            await StreamAsync(http, lines);
        else if (!HttpMethods.IsHead(http.Request.Method))
            await http.Response.Body.WriteAsync(response.Body, http.RequestAborted);
    }

    /// <summary>One line at a time, each sent at once; an empty line says that the stream is alive.</summary>
    private static async Task StreamAsync(HttpContext http, IAsyncEnumerable<string> lines)
    {
        await http.Response.Body.FlushAsync(http.RequestAborted);
        var stopping = http.RequestServices.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? default;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        try
        {
            await foreach (var line in lines.WithCancellation(end.Token))
            {
                await http.Response.WriteAsync(line + "\n", http.RequestAborted);
                await http.Response.Body.FlushAsync(http.RequestAborted);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // A stream that follows has no end of its own.
        }
    }
}
