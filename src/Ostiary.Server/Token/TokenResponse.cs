using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Server.Http;
using Ostiary.Server.Tokens;

namespace Ostiary.Server.Token;

/// <summary>A successful token response. RFC 6749 §5.1</summary>
public sealed record TokenResponse(
    IssuedAccessToken AccessToken,
    ScopeSet Scope,
    string? RefreshToken = null,
    string? IdToken = null,
    string? IssuedTokenType = null
)
{
    public Task WriteAsync(HttpContext http)
    {
        http.Response.Headers.Pragma = "no-cache"; // RFC 6749 §5.1
        return JsonAnswer.WriteAsync(
            http,
            json =>
            {
                json.WriteString("access_token", AccessToken.Text);
                json.WriteString("token_type", AccessToken.Content.Sender?.TokenType ?? "Bearer"); // RFC 6750 §4, RFC 9449 §5
                if (IssuedTokenType is not null)
                    json.WriteString("issued_token_type", IssuedTokenType); // RFC 8693 §2.2.1
                json.WriteNumber("expires_in", AccessToken.ExpiresIn);
                if (RefreshToken is not null)
                    json.WriteString("refresh_token", RefreshToken);
                if (IdToken is not null)
                    json.WriteString("id_token", IdToken); // OIDC Core §3.1.3.3
                if (!Scope.IsEmpty)
                    json.WriteString("scope", Scope.ToString());
            }
        );
    }
}
