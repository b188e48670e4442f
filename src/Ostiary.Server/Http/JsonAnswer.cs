using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Http;

/// <summary>JSON answers: never cached, never sniffed.</summary>
public static class JsonAnswer
{
    /// <summary>An error in the shape of RFC 6749 §5.2, with the page of its code as <c>error_uri</c>; where the request is for no issuer, nobody has that page.</summary>
    public static Task RefuseAsync(HttpContext http, Issuer? issuer, Reason reason, string? parameter = null, int? status = null)
    {
        var refusal = Refusal.For(reason);
        http.Response.StatusCode = status ?? refusal.Status;
        return WriteAsync(
            http,
            json =>
            {
                if (refusal.Error.Length > 0)
                    json.WriteString("error", refusal.Error);
                json.WriteString("error_description", Describe(refusal, parameter));
                if (issuer is not null)
                    json.WriteString("error_uri", issuer.ErrorUri(Told(reason)));
            }
        );
    }

    public static Task WriteAsync(HttpContext http, Action<Utf8JsonWriter> members)
    {
        http.Response.ContentType = "application/json";
        http.Response.Headers.CacheControl = "no-store"; // RFC 6749 §5.1
        http.Response.Headers.XContentTypeOptions = "nosniff";
        return JsonScratch.Object(
            (http, members),
            static (json, state) => state.members(json),
            static (bytes, state) =>
            {
                state.http.Response.ContentLength = bytes.Length;
                state.http.Response.BodyWriter.Write(bytes);
                return state.http.Response.BodyWriter.FlushAsync(state.http.RequestAborted).AsTask();
            }
        );
    }

    /// <summary>The peer does not learn which half of a failed authentication was wrong; the log does. RFC 6819 §5.1.4.2.3</summary>
    private static Reason Told(Reason reason) =>
        reason is Reason.AuthenticatingClientUnknown or Reason.AuthenticatingClientDisabled or Reason.SecretExpired ? Reason.SecretWrong : reason;

    /// <summary>The sentence, with the parameter that the peer itself sent: RFC 6749 §5.2 allows printable ASCII without quotation mark and backslash.</summary>
    public static string Describe(Refusal refusal, string? parameter) =>
        parameter is { Length: > 0 and <= 64 } && parameter.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.')
            ? $"{refusal.Text} ({parameter})"
            : refusal.Text;
}
