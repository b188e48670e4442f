using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;

namespace Ostiary.Server.Authorize;

/// <summary>A request object as read; verified only where <see cref="Verified"/> says so. RFC 9101 §4</summary>
internal sealed record RequestObject
{
    /// <summary>Claims of the token itself; everything else is a parameter of the request.</summary>
    private static readonly string[] OwnClaims = ["iss", "aud", "exp", "nbf", "iat", "jti", "sub"];

    /// <summary>Clocks may differ by this much.</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromSeconds(10);

    /// <summary>How long before and after now an object may reach. FAPI 2.0 Message Signing §5.3.1</summary>
    public static readonly TimeSpan Reach = TimeSpan.FromHours(1);

    /// <summary>The address that it should be at could not be fetched.</summary>
    public bool Unreachable { get; init; }
    public bool Malformed { get; init; }
    public bool Verified { get; init; }
    public Reason? KeysUnavailable { get; init; }
    public string? Issuer { get; init; }
    public string? Subject { get; init; }
    public string? ClientId { get; init; }
    public string? Id { get; init; }
    public bool Nested { get; init; }
    public IReadOnlyList<string> Audience { get; init; } = [];
    public DateTimeOffset? ExpiresAt { get; init; }
    public DateTimeOffset? NotBefore { get; init; }
    public DateTimeOffset? IssuedAt { get; init; }
    public FormParameters Parameters { get; init; } = FormParameters.Empty;

    public static RequestObject Read(string text)
    {
        if (!Jws.TryReadUnverified(text, out _, out var payload) || !JwtClaims.TryParse(payload, out var claims, out _))
            return new() { Malformed = true };
        if (
            !claims.TryNumericDate("exp", out var expires)
            || !claims.TryNumericDate("nbf", out var notBefore)
            || !claims.TryNumericDate("iat", out var issued)
        )
            return new() { Malformed = true };
        var parameters = FormParameters.Of(ParametersOf(claims.Root));
        if (parameters.All.Count > FormParameters.MaxCount || parameters.All.Any(p => p.Value.Contains('\0', StringComparison.Ordinal)))
            return new() { Malformed = true };
        return new()
        {
            Issuer = claims.String("iss"),
            Subject = claims.String("sub"),
            ClientId = claims.String("client_id"),
            Id = claims.String("jti"),
            Audience = claims.Audience ?? [],
            Nested = claims.Has("request") || claims.Has("request_uri"),
            ExpiresAt = expires,
            NotBefore = notBefore,
            IssuedAt = issued,
            Parameters = parameters,
        };
    }

    /// <summary>Numbers and objects as their JSON text, as in a query; a list only where a parameter may repeat. RFC 9101 §4</summary>
    private static IEnumerable<KeyValuePair<string, string>> ParametersOf(JsonElement claims)
    {
        foreach (var claim in claims.EnumerateObject().Where(c => !OwnClaims.Contains(c.Name)))
        {
            if (claim.Value.ValueKind == JsonValueKind.Array && claim.Name == "resource")
            {
                foreach (var item in claim.Value.EnumerateArray())
                    yield return new(claim.Name, TextOf(item));
            }
            else
                yield return new(claim.Name, TextOf(claim.Value));
        }
    }

    private static string TextOf(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
}

/// <summary>Reads request objects and checks their signatures with the keys of the client. RFC 9101 §6.2</summary>
internal sealed class RequestObjects(ClientKeys keys)
{
    private static readonly string[] Types = ["oauth-authz-req+jwt", "JWT", ""]; // RFC 9101 §10.8

    /// <summary>Whether the client has keys to check anything with.</summary>
    public static bool MaySign(Client client) => client.Keys is not null || client.JwksUri is not null;

    public static IReadOnlyList<string> AlgorithmsOf(Client client) =>
        client.RequestObjectAlgorithm is { } one ? [one]
        : client.Profile == Profile.Fapi2 ? Fapi2.Algorithms
        : ClientNames.AssertionAlgorithms;

    public async ValueTask<RequestObject> ReadAsync(string text, Client client, CancellationToken ct)
    {
        var read = RequestObject.Read(text);
        if (read.Malformed)
            return read;
        var policy = new JwsPolicy
        {
            Algorithms = AlgorithmsOf(client),
            Types = Types,
            AllowMissingKid = true,
        };
        var check = await keys.VerifyAsync(text, client, policy, ct);
        return read with { Verified = check.Jws is not null, KeysUnavailable = check.Unavailable };
    }
}
