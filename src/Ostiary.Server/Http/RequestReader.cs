using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Http;

/// <summary>Reads parameters from raw HTTP: the framework's readers merge and fold names, and throw on input that anyone can send.</summary>
public static class RequestReader
{
    /// <summary>Bytes. More than any request of the supported specifications needs.</summary>
    public const int MaxBody = 64 * 1024;

    public static Reason? ReadQuery(HttpContext http, out FormParameters parameters)
    {
        var query = http.Request.QueryString.Value;
        if (string.IsNullOrEmpty(query))
        {
            parameters = FormParameters.Empty;
            return null;
        }
        return FormParameters.TryParse(Encoding.UTF8.GetBytes(query, 1, query.Length - 1), out parameters);
    }

    /// <summary>Reads an <c>application/x-www-form-urlencoded</c> body. RFC 6749 §3.2</summary>
    public static async ValueTask<(FormParameters Parameters, Reason? Refused)> ReadFormAsync(HttpContext http)
    {
        if (!IsUrlEncoded(http.Request.ContentType) || http.Request.Headers.ContentEncoding.Count > 0)
            return (FormParameters.Empty, Reason.ContentTypeUnsupported);
        if (http.Request.ContentLength > MaxBody)
            return (FormParameters.Empty, Reason.RequestTooLarge);
        var reader = http.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(http.RequestAborted);
            if (read.Buffer.Length > MaxBody)
            {
                reader.AdvanceTo(read.Buffer.End);
                return (FormParameters.Empty, Reason.RequestTooLarge);
            }
            if (read.IsCompleted)
            {
                var refused = Parse(read.Buffer, out var parameters);
                reader.AdvanceTo(read.Buffer.End);
                return (parameters, refused);
            }
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static Reason? Parse(ReadOnlySequence<byte> body, out FormParameters parameters) =>
        FormParameters.TryParse(body.IsSingleSegment ? body.FirstSpan : body.ToArray(), out parameters);

    private static bool IsUrlEncoded(string? contentType)
    {
        if (string.Equals(contentType, "application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase))
            return true;
        return MediaTypeHeaderValue.TryParse(contentType, out var type)
            && type.MediaType.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase)
            && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));
    }
}
