using System.Collections.Immutable;
using System.Text.Json;

namespace Ostiary.Server.Users;

/// <summary>A person who can sign in.</summary>
public sealed record User
{
    /// <summary>Never reused: <c>usr_</c> and 128 random bits. The <c>sub</c> of tokens.</summary>
    public required string Subject { get; init; }

    /// <summary>What people type; compared after <see cref="Normalize"/>.</summary>
    public required string Username { get; init; }
    public string? Email { get; init; }
    public bool EmailVerified { get; init; }

    /// <summary>A PHC string (argon2id or pbkdf2-sha256), or null: cannot sign in by password.</summary>
    public string? PasswordHash { get; init; }
    public bool Disabled { get; init; }

    /// <summary>Further claims (OIDC Core §5.1), by name. Reserved names cannot be set.</summary>
    public ImmutableDictionary<string, JsonElement> Claims { get; init; } = ImmutableDictionary<string, JsonElement>.Empty;

    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? UpdatedAt { get; init; }

    /// <summary>Lower case for ASCII; names are ASCII without spaces and control characters, or e-mail addresses.</summary>
    public static string Normalize(string username) => username.ToLowerInvariant();
}
