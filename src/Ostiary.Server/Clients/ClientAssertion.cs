using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;

namespace Ostiary.Server.Clients;

/// <summary>A client assertion as read; verified only where <see cref="Verified"/> says so. RFC 7523 §3</summary>
internal sealed record ClientAssertion
{
    public bool Malformed { get; init; }
    public bool Verified { get; init; }

    /// <summary>Why the keys to check it with cannot be had.</summary>
    public Reason? KeysUnavailable { get; init; }

    /// <summary>The secret that it is signed with, where it is.</summary>
    public ClientSecret? Secret { get; init; }

    /// <summary>The identifier of the key that it is signed with; its thumbprint where it has none.</summary>
    public string? KeyId { get; init; }
    public string? Issuer { get; init; }
    public string? Subject { get; init; }
    public IReadOnlyList<string>? Audience { get; init; }

    /// <summary><c>aud</c> is a list, be it of one.</summary>
    public bool AudienceIsList { get; init; }
    public string? Id { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The later of <c>nbf</c> and <c>iat</c>.</summary>
    public DateTimeOffset StartsAt { get; init; }

    public static string? SubjectOf(string assertion) =>
        Jws.TryReadUnverified(assertion, out _, out var payload) && JwtClaims.TryParse(payload, out var claims, out _) ? claims.String("sub") : null;

    public static ClientAssertion Read(string assertion)
    {
        if (!Jws.TryReadUnverified(assertion, out _, out var payload) || !JwtClaims.TryParse(payload, out var claims, out _))
            return new() { Malformed = true };
        if (
            !claims.TryNumericDate("exp", out var expires)
            || !claims.TryNumericDate("nbf", out var notBefore)
            || !claims.TryNumericDate("iat", out var issued)
        )
            return new() { Malformed = true };
        return new()
        {
            Issuer = claims.String("iss"),
            Subject = claims.String("sub"),
            Audience = claims.Audience,
            AudienceIsList = claims.Has("aud") && claims.String("aud") is null,
            Id = claims.String("jti"),
            ExpiresAt = expires,
            StartsAt = new[] { notBefore, issued }.Max() ?? DateTimeOffset.MinValue,
        };
    }
}

/// <summary>Reads client assertions and checks their signatures: with the client's public keys, or with its secrets where it is registered so.</summary>
internal sealed class ClientAssertions(ClientKeys keys, ClientSecrets secrets)
{
    /// <summary><c>JWT</c>, none, or the type of the revised profile; never an access token's or another kind's.</summary>
    private static readonly string[] Types = ["JWT", "", "client-authentication+jwt"];

    public async ValueTask<ClientAssertion> ReadAsync(string assertion, Client? client, CancellationToken ct)
    {
        var read = ClientAssertion.Read(assertion);
        if (read.Malformed || client is null)
            return read;
        var policy = new JwsPolicy
        {
            Algorithms = client.AssertionAlgorithm is { } one ? [one] : ClientNames.AlgorithmsOf(client),
            Types = Types,
            AllowMissingKid = true,
        };
        if (client.AuthenticationMethod == ClientAuthenticationMethod.ClientSecretJwt)
            return Check(read, assertion, client, policy);
        if (client.AuthenticationMethod != ClientAuthenticationMethod.PrivateKeyJwt || client.Disabled)
            return read; // Nothing is fetched for a client that could not get in with it.
        var check = await keys.VerifyAsync(assertion, client, policy, ct);
        return read with
        {
            Verified = check.Jws is not null,
            KeysUnavailable = check.Unavailable,
            KeyId = check.Jws is { } jws ? jws.Key.Kid ?? jws.Key.Thumbprint() : null,
        };
    }

    // OIDC Core §10.1: the key is the UTF-8 text of the secret. Several secrets may be live.
    private ClientAssertion Check(ClientAssertion read, string assertion, Client client, JwsPolicy policy)
    {
        foreach (var (secret, key) in secrets.HmacSecrets(client))
        {
            if (Jws.TryVerify(assertion, key, policy, out _, out _))
                return read with { Verified = true, Secret = secret };
        }
        return read;
    }
}
