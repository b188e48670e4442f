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
    public static async ValueTask<string?> WriteAsync(
        HttpContext http,
        ApiOptions options,
        Reason reason,
        ScopeSet required,
        bool asDpop,
        string? metadata
    )
    {
        var refusal = Refusal.For(reason);
        var page = options.ErrorPages is null ? null : options.ErrorPages + Refusal.CodeOf(reason);
        var tellsDpop = asDpop || options.RequireDpop || reason is Reason.BoundTokenAsBearer;
        var challenge =
            refusal.Status >= 500 ? null
            : tellsDpop && refusal.Error != "insufficient_scope" ? Hinted(new(DpopChallenge.Of(reason)), required, metadata)
            : Challenge(options, refusal, page, required, metadata);
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
    private static string Challenge(ApiOptions options, Refusal refusal, string? page, ScopeSet required, string? metadata)
    {
        var text = new StringBuilder().Append("Bearer realm=\"").Append(options.Realm ?? options.Audience).Append('"');
        if (refusal.Error.Length == 0) // RFC 6750 §3.1: without a token no error is told.
            return Hinted(text, required, metadata);
        text.Append(", error=\"").Append(refusal.Error).Append("\", error_description=\"").Append(refusal.Text).Append('"');
        if (page is not null)
            text.Append(", error_uri=\"").Append(page).Append('"');
        return Hinted(text, required, metadata);
    }

    /// <summary>What a client needs to get a token that will do: the scopes of the call, and where it learns of the issuer.</summary>
    private static string Hinted(StringBuilder text, ScopeSet required, string? metadata)
    {
        if (!required.IsEmpty)
            text.Append(", scope=\"").Append(required).Append('"'); // RFC 6750 §3
        if (metadata is not null)
            text.Append(", resource_metadata=\"").Append(metadata).Append('"'); // RFC 9728 §5.1
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
