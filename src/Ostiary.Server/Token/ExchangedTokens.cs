using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Configuration;
using Ostiary.Server.Tokens;

namespace Ostiary.Server.Token;

/// <summary>Reads what an exchange begins with: an access token, which carries its scope, or an ID token, which stands for its whole grant.</summary>
internal sealed class ExchangedTokens(IdTokens idTokens, TokenStatus status)
{
    public const string AccessType = "urn:ietf:params:oauth:token-type:access_token"; // RFC 8693 §3
    public const string IdType = "urn:ietf:params:oauth:token-type:id_token"; // RFC 8693 §3
    public const string JwtType = "urn:ietf:params:oauth:token-type:jwt"; // RFC 8693 §3

    public ValueTask<PresentedToken> ReadAsync(string? text, string? type, Snapshot snapshot, CancellationToken ct) =>
        text is null ? ValueTask.FromResult(PresentedToken.None)
        : type == IdType ? ReadIdTokenAsync(text, snapshot, ct)
        : status.LoadAsync(text, ct, withGrant: true);

    /// <summary>One that was signed by HMAC is none here: whoever has the client's secret could have written it, for any person and any grant. RFC 8693 §5</summary>
    private async ValueTask<PresentedToken> ReadIdTokenAsync(string text, Snapshot snapshot, CancellationToken ct)
    {
        await status.LearnKeyAsync(text, ct);
        if (idTokens.ReadHint(text, static _ => null) is not { } claims || ContentOf(claims, text) is not { } content)
            return PresentedToken.None;
        var presented = await status.LoadAsync(content, ct);
        return presented.Grant?.Approval is not null && snapshot.Client(content.ClientId) is { } client
            ? presented with
            {
                Token = content with { Scope = GrantRules.ScopeOf(presented.Grant, client), MayAct = client.MayAct },
            }
            : presented;
    }

    private static AccessToken? ContentOf(JwtClaims claims, string text)
    {
        if (claims.String("grant_id") is not { } grant || claims.Audience is not [var audience])
            return null;
        if (!claims.TryNumericDate("iat", out var issued) || !claims.TryNumericDate("exp", out var expires) || expires is null)
            return null;
        if (!claims.TryNumericDate("auth_time", out var authenticated))
            return null;
        return new AccessToken
        {
            Id = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(text))), // It has no jti.
            ClientId = audience,
            Subject = claims.String("sub")!,
            Audience = claims.String("iss")!,
            Scope = ScopeSet.None,
            IssuedAt = issued.GetValueOrDefault(),
            ExpiresAt = expires.Value,
            GrantId = grant,
            SessionId = claims.String("sid"),
            AuthenticatedAt = authenticated,
            Acr = claims.String("acr"),
        };
    }
}
