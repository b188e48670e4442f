using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Ostiary.Protocol;
using Ostiary.Protocol.Dpop;

namespace Ostiary.AspNetCore.Api;

/// <summary>What a call brings to be let in, and what the endpoint demands.</summary>
internal sealed record BearerRequest : ITokenUse
{
    private const string Bearer = "Bearer";
    private const string Dpop = "DPoP";
    private const int MaxBody = 64 * 1024;
    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/"
    );

    public required int AuthorizationFields { get; init; }

    /// <summary>What follows the scheme, or null where there is neither the scheme Bearer nor DPoP. It may be empty or malformed.</summary>
    public required string? Token { get; init; }

    public bool AsDpop { get; init; }
    public DpopProof? Proof { get; init; }
    public SenderKey? Certificate { get; init; }

    /// <summary>The method and the path as they were sent, for the proof.</summary>
    public string Method { get; init; } = "";
    public string Path { get; init; } = "";
    public required bool InQuery { get; init; }
    public required bool InBody { get; init; }
    public required ScopeSet Required { get; init; }

    public static async ValueTask<BearerRequest> ReadAsync(HttpContext http, ScopeSet required, ClientCertificate certificates)
    {
        var fields = http.Request.Headers.Authorization;
        var asDpop = TokenOf(fields, Bearer) is null && TokenOf(fields, Dpop) is not null; // RFC 9449 §7.1
        return new BearerRequest
        {
            AuthorizationFields = fields.Count,
            Token = TokenOf(fields, asDpop ? Dpop : Bearer),
            AsDpop = asDpop,
            Proof = asDpop ? DpopProof.Read(http.Request.Headers[DpopProof.Header]) : null,
            Certificate = certificates.Of(http), // RFC 8705 §3
            Method = http.Request.Method,
            Path = (http.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "").Split('?')[0],
            InQuery = Names(Encoding.UTF8.GetBytes(http.Request.QueryString.Value?.TrimStart('?') ?? "")),
            InBody = await IsInBodyAsync(http.Request),
            Required = required,
        };
    }

    /// <summary>1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=". RFC 6750 §2.1</summary>
    public static bool IsToken(ReadOnlySpan<char> text)
    {
        text = text.TrimEnd('=');
        return text.Length > 0 && !text.ContainsAnyExcept(TokenCharacters);
    }

    private static string? TokenOf(StringValues fields, string scheme)
    {
        if (fields is not [{ } field, ..] || !field.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)) // RFC 9110 §11.1
            return null;
        if (field.Length == scheme.Length)
            return "";
        return field[scheme.Length] == ' ' ? field[(scheme.Length + 1)..].TrimStart(' ') : null;
    }

    private static bool Names(ReadOnlySpan<byte> text) =>
        !text.IsEmpty && FormParameters.TryParse(text, out var parameters) is null && parameters.Has("access_token");

    // The app still reads the body afterwards, so it is buffered and rewound. Only forms can carry a token.
    private static async ValueTask<bool> IsInBodyAsync(HttpRequest request)
    {
        if (request.ContentType?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) != true)
            return false;
        request.EnableBuffering(MaxBody);
        var buffer = ArrayPool<byte>.Shared.Rent(MaxBody);
        try
        {
            var length = await request.Body.ReadAtLeastAsync(
                buffer.AsMemory(0, MaxBody),
                MaxBody,
                throwOnEndOfStream: false,
                request.HttpContext.RequestAborted
            );
            request.Body.Position = 0;
            return Names(buffer.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }
}
