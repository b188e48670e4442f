using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Ostiary.Protocol;

namespace Ostiary.AspNetCore.Api;

/// <summary>What a call brings to be let in, and what the endpoint demands.</summary>
internal sealed record BearerRequest
{
    private const string Scheme = "Bearer";
    private const int MaxBody = 64 * 1024;
    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/"
    );

    public required int AuthorizationFields { get; init; }

    /// <summary>What follows the scheme, or null where there is no Bearer scheme. It may be empty or malformed.</summary>
    public required string? Token { get; init; }

    public required bool InQuery { get; init; }
    public required bool InBody { get; init; }
    public required ScopeSet Required { get; init; }

    public static async ValueTask<BearerRequest> ReadAsync(HttpContext http, ScopeSet required)
    {
        var fields = http.Request.Headers.Authorization;
        return new BearerRequest
        {
            AuthorizationFields = fields.Count,
            Token = TokenOf(fields),
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

    private static string? TokenOf(StringValues fields)
    {
        if (fields is not [{ } field, ..] || !field.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) // RFC 9110 §11.1
            return null;
        if (field.Length == Scheme.Length)
            return "";
        return field[Scheme.Length] == ' ' ? field[(Scheme.Length + 1)..].TrimStart(' ') : null;
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
