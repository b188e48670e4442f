namespace Ostiary.Server.Registration;

/// <summary>What is kept of a client that registered itself, beside its document.</summary>
/// <param name="TokenSha256">base64url of SHA-256 of its registration access token. RFC 7592 §3</param>
/// <param name="InitialToken">The id of the initial access token that it came with; null: registration was open.</param>
internal sealed record ClientRegistration(string TokenSha256, string? InitialToken);

/// <summary>An initial access token: a permit to register clients. Its text is shown once. RFC 7591 §3</summary>
internal sealed record InitialToken(string Id, string Sha256, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, long UsesLeft)
{
    public bool IsGood(DateTimeOffset now) => UsesLeft > 0 && now < ExpiresAt;
}
