using System.Collections.Frozen;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Ostiary.Server.Pages;

/// <summary>The embedded files of the pages. Each is served under a name that holds a hash of its content, and may be cached for ever under it.</summary>
internal static class Assets
{
    private static readonly FrozenDictionary<string, Asset> ByName = new[]
    {
        Asset.Load("ostiary.css", "text/css; charset=utf-8"),
        Asset.Load("form-post.js", "text/javascript; charset=utf-8"),
        Asset.Load("signed-out.js", "text/javascript; charset=utf-8"),
        Asset.Load("icon.svg", "image/svg+xml"),
    }.ToFrozenDictionary(a => a.Name);

    private static readonly FrozenDictionary<string, Asset> ByServedName = ByName.Values.ToFrozenDictionary(a => a.ServedName);

    /// <summary>The path below the issuer's, for example <c>/assets/ostiary.1f2e3d4c5b6a7988.css</c>.</summary>
    public static string PathOf(string name) => "/assets/" + ByName[name].ServedName;

    public static Task ServeAsync(HttpContext http)
    {
        var name = http.Request.RouteValues["name"] as string ?? "";
        if (!ByServedName.TryGetValue(name, out var asset))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }
        var headers = http.Response.Headers;
        headers.ETag = asset.ETag;
        headers.CacheControl = "public, max-age=31536000, immutable";
        headers.Vary = "Accept-Encoding";
        headers.XContentTypeOptions = "nosniff";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (http.Request.Headers.IfNoneMatch.Any(sent => sent is not null && sent.Contains(asset.ETag, StringComparison.Ordinal)))
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }
        var compressed = http.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase);
        var content = compressed ? asset.Compressed : asset.Content;
        if (compressed)
            headers.ContentEncoding = "gzip";
        http.Response.ContentType = asset.ContentType;
        http.Response.ContentLength = content.Length;
        return http.Response.Body.WriteAsync(content, http.RequestAborted).AsTask();
    }

    /// <summary>An embedded file, or null.</summary>
    public static byte[]? Read(string logicalName)
    {
        using var stream = typeof(Assets).Assembly.GetManifestResourceStream(logicalName);
        if (stream is null)
            return null;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private sealed record Asset(string Name, string ServedName, string ContentType, string ETag, byte[] Content, byte[] Compressed)
    {
        public static Asset Load(string name, string contentType)
        {
            var content = Read("pages/" + name) ?? throw new InvalidOperationException($"{name} is not embedded.");
            var hash = Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 8));
            var dot = name.LastIndexOf('.');
            return new(name, $"{name[..dot]}.{hash}{name[dot..]}", contentType, $"W/\"{hash}\"", content, Compress(content));
        }

        private static byte[] Compress(byte[] content)
        {
            using var compressed = new MemoryStream();
            using (var gzip = new GZipStream(compressed, CompressionLevel.SmallestSize))
                gzip.Write(content);
            return compressed.ToArray();
        }
    }
}
