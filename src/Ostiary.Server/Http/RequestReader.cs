using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Hosting;

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
        if (await ReadBodyAsync(http, MaxBody) is not { } body)
            return (FormParameters.Empty, Reason.RequestTooLarge);
        var refused = FormParameters.TryParse(body, out var parameters);
        return (parameters, refused);
    }

    /// <summary>The body; null where it is larger than <paramref name="most"/> bytes.</summary>
    public static async ValueTask<byte[]?> ReadBodyAsync(HttpContext http, int most)
    {
        if (http.Request.ContentLength > most)
            return null;
        var reader = http.Request.BodyReader;
        while (true)
        {
            var reading = reader.ReadAsync(http.RequestAborted);
            var read = reading.IsCompletedSuccessfully ? reading.Result : await OutsideAsync(http, reading);
            if (read.IsCompleted || read.Buffer.Length > most)
            {
                var body = read.Buffer.Length > most ? null : read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return body;
            }
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>Who waits for the rest of a body is in nobody's way: slow senders hold no place, and are let in again when they have sent.</summary>
    private static async ValueTask<ReadResult> OutsideAsync(HttpContext http, ValueTask<ReadResult> reading)
    {
        if (Admission.LaneOf(http) is not { Admission: var admission } lane)
            return await reading;
        admission.Leave();
        ReadResult read;
        try
        {
            read = await reading;
        }
        finally
        {
            admission.Return();
        }
        if (admission.InWork <= lane.MostInWork)
            return read;
        http.Request.BodyReader.AdvanceTo(read.Buffer.End); // Or the connection would break instead of answering.
        throw new ShedException(lane);
    }

    private static bool IsUrlEncoded(string? contentType)
    {
        if (string.Equals(contentType, "application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase))
            return true;
        return MediaTypeHeaderValue.TryParse(contentType, out var type)
            && type.MediaType.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase)
            && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));
    }
}
