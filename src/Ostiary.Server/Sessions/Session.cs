namespace Ostiary.Server.Sessions;

/// <summary>A signed-in browser. The id is public inside the server (it is the <c>sid</c> of tokens); the cookie holds a secret whose hash is kept.</summary>
public sealed record Session
{
    /// <summary>22 characters of base64url: 128 random bits.</summary>
    public required string Id { get; init; }

    /// <summary>base64url of SHA-256 of the cookie's secret.</summary>
    public required string SecretHash { get; init; }
    public required string Subject { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset AuthenticatedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public required DateTimeOffset SeenAt { get; init; }
    public IReadOnlyList<string> Amr { get; init; } = [];
    public string? Acr { get; init; }

    /// <summary>For people: browser family and system, and the network (/24 or /48), never the full address.</summary>
    public string? Device { get; init; }
    public string? Network { get; init; }
    public DateTimeOffset? EndedAt { get; init; }

    public bool IsLive(DateTimeOffset now) => EndedAt is null && now < ExpiresAt;
}
