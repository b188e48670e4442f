using System.Text.Json;
using Ostiary.AspNetCore.Issuers;
using Ostiary.Protocol.Jose;

namespace Ostiary.AspNetCore.Bff;

/// <summary>What the token endpoint said.</summary>
internal sealed record TokenAnswer
{
    private static readonly TimeSpan UnstatedLifetime = TimeSpan.FromMinutes(5);

    /// <summary>The status of the answer; 0 where none came.</summary>
    public required int Status { get; init; }

    /// <summary>The error code of a refusal.</summary>
    public string? Error { get; init; }

    public string? AccessToken { get; init; }
    public TimeSpan Lifetime { get; init; }
    public string? RefreshToken { get; init; }
    public string? IdToken { get; init; }
    public string? Scope { get; init; }

    /// <summary>Neither tokens nor a refusal: the issuer is away, overloaded or answers nonsense.</summary>
    public bool IsUnavailable => AccessToken is null && (Error is null || Status is 429 or >= 500);

    public IEnumerable<KeyValuePair<string, string>> Parameters
    {
        get
        {
            KeyValuePair<string, string?>[] all =
            [
                new("error", Error),
                new("access_token", AccessToken),
                new("refresh_token", RefreshToken),
                new("id_token", IdToken),
                new("scope", Scope),
                new(
                    "expires_in",
                    AccessToken is null ? null : ((long)Lifetime.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture)
                ),
            ];
            return all.Where(pair => pair.Value is not null).Select(pair => new KeyValuePair<string, string>(pair.Key, pair.Value!));
        }
    }

    public static TokenAnswer Read(BackchannelAnswer answer)
    {
        var nothing = new TokenAnswer { Status = answer.Status };
        if (!StrictJson.TryParseObject(answer.Body, out var document, maxLength: 256 * 1024))
            return nothing;
        using (document)
        {
            var root = document.RootElement;
            if (answer.Status != 200)
                return nothing with { Error = Text(root, "error") }; // RFC 6749 §5.2
            if (Text(root, "access_token") is not { Length: > 0 } token)
                return nothing;
            if (!string.Equals(Text(root, "token_type"), "Bearer", StringComparison.OrdinalIgnoreCase)) // RFC 6749 §7.1
                return nothing;
            return new TokenAnswer
            {
                Status = 200,
                AccessToken = token,
                Lifetime = LifetimeOf(root),
                RefreshToken = Text(root, "refresh_token"),
                IdToken = Text(root, "id_token"),
                Scope = Text(root, "scope"),
            };
        }
    }

    private static TimeSpan LifetimeOf(JsonElement root) =>
        root.TryGetProperty("expires_in"u8, out var member)
        && member.ValueKind == JsonValueKind.Number
        && member.TryGetInt32(out var seconds)
        && seconds >= 0
            ? TimeSpan.FromSeconds(seconds)
            : UnstatedLifetime;

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;
}
