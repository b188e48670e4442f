using Ostiary.Protocol;

namespace Ostiary.Server.Tokens;

/// <summary>The content of an access token, whatever its format. RFC 9068 §2.2</summary>
public sealed record AccessToken
{
    /// <summary><c>jti</c>: 128 random bits.</summary>
    public required string Id { get; init; }
    public required string ClientId { get; init; }

    /// <summary>The user's subject, or the client id where the client acts for itself. RFC 9068 §2.2</summary>
    public required string Subject { get; init; }

    /// <summary>The identifier of the one API it is for, or the issuer (userinfo alone).</summary>
    public required string Audience { get; init; }
    public required ScopeSet Scope { get; init; }
    public required DateTimeOffset IssuedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The grant whose end ends it; null for a client acting for itself.</summary>
    public string? GrantId { get; init; }

    /// <summary>The key without which it is worth nothing; null: a bearer token.</summary>
    public SenderKey? Sender { get; init; }
    public string? SessionId { get; init; }
    public DateTimeOffset? AuthenticatedAt { get; init; }
    public string? Acr { get; init; }

    /// <summary>The only one who may act with it; null: whom the policies let. RFC 8693 §4.4</summary>
    public string? MayAct { get; init; }

    /// <summary>Who acts for the subject, the present one first. RFC 8693 §4.1</summary>
    public IReadOnlyList<string> Actors { get; init; } = [];

    /// <summary>The ids of the tokens that it was exchanged from, the last first: the end of each ends it.</summary>
    public IReadOnlyList<string> Parents { get; init; } = [];
}

/// <summary>An access token with its text.</summary>
public sealed record IssuedAccessToken(AccessToken Content, string Text)
{
    /// <summary>Seconds. RFC 6749 §5.1</summary>
    public long ExpiresIn => (long)(Content.ExpiresAt - Content.IssuedAt).TotalSeconds;
}
