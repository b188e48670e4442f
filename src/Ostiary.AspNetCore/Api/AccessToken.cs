using System.Text.Json;
using Ostiary.Protocol;

namespace Ostiary.AspNetCore.Api;

/// <summary>An access token that passed every check of this API: a feature of the request, see <see cref="HttpContextTokens.AccessToken"/>.</summary>
public sealed class AccessToken
{
    internal AccessToken(BearerFacts facts)
    {
        var claims = facts.Claims!;
        Subject = claims.String("sub");
        ClientId = claims.String("client_id");
        Scopes = facts.Scopes;
        Sender = facts.BoundTo;
        Expires = facts.Expires;
        IsOpaque = facts.IsOpaque;
        Claims = claims.Root;
    }

    /// <summary>Whom the token speaks for: a user, or the client itself. Null only for opaque tokens of issuers that do not tell.</summary>
    public string? Subject { get; }

    /// <summary>The client that the token was issued to.</summary>
    public string? ClientId { get; }

    public ScopeSet Scopes { get; }

    /// <summary>The key that the token is bound to, and that the caller has shown to hold; null: a bearer token.</summary>
    public SenderKey? Sender { get; }

    /// <summary>The end of the token; null only for opaque tokens of issuers that do not tell.</summary>
    public DateTimeOffset? Expires { get; }

    /// <summary>Whether the issuer was asked what the token means, because it is no JWT.</summary>
    public bool IsOpaque { get; }

    /// <summary>All claims as the issuer wrote them.</summary>
    public JsonElement Claims { get; }

    public bool HasScope(string scope) => Scopes.Contains(scope);
}
