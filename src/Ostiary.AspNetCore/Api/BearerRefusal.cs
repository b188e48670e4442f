using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Protocol.Dpop;
using Ostiary.Protocol.Reasons;

namespace Ostiary.AspNetCore.Api;

/// <summary>The answer to a refused call: status, challenge, and the error as JSON.</summary>
internal static class BearerRefusal
{
    // The texts are fixed and are JSON only, never part of a page.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the answer and returns its challenge, null where the refusal is not about credentials.</summary>
    public static async ValueTask<string?> WriteAsync(HttpContext http, ApiOptions options, Reason reason, ScopeSet required, bool asDpop)
    {
        var refusal = Refusal.For(reason);
        var page = options.ErrorPages is null ? null : options.ErrorPages + Refusal.CodeOf(reason);
        var tellsDpop = asDpop || options.RequireDpop || reason is Reason.BoundTokenAsBearer;
        var challenge =
            refusal.Status >= 500 ? null
            : tellsDpop && refusal.Error != "insufficient_scope" ? DpopChallenge.Of(reason)
            : Challenge(options, refusal, page, required);
        http.Response.StatusCode = DpopChallenge.StatusOf(reason);
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.WWWAuthenticate = challenge;
        if (refusal.Status >= 500)
            http.Response.Headers.RetryAfter = "5";
        if (refusal.Error.Length == 0)
            return challenge;
        http.Response.ContentType = "application/json";
        await http.Response.Body.WriteAsync(Body(refusal, page), http.RequestAborted);
        return challenge;
    }

    // RFC 6750 §3
    private static string Challenge(ApiOptions options, Refusal refusal, string? page, ScopeSet required)
    {
        var text = new StringBuilder().Append("Bearer realm=\"").Append(options.Realm ?? options.Audience).Append('"');
        if (refusal.Error.Length == 0) // RFC 6750 §3.1: without a token no error is told.
            return text.ToString();
        text.Append(", error=\"").Append(refusal.Error).Append("\", error_description=\"").Append(refusal.Text).Append('"');
        if (refusal.Error == "insufficient_scope")
            text.Append(", scope=\"").Append(required).Append('"');
        if (page is not null)
            text.Append(", error_uri=\"").Append(page).Append('"');
        return text.ToString();
    }

    private static byte[] Body(Refusal refusal, string? page)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Plain))
        {
            json.WriteStartObject();
            json.WriteString("error"u8, refusal.Error);
            json.WriteString("error_description"u8, refusal.Text);
            if (page is not null)
                json.WriteString("error_uri"u8, page);
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }
}
