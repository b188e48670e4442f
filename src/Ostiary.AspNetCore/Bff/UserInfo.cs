using System.Text;
using System.Text.Json;
using Ostiary.AspNetCore.Issuers;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;

namespace Ostiary.AspNetCore.Bff;

/// <summary>Asks the issuer for what the ID token does not say: name, e-mail and the like. Without an answer the ID token is enough.</summary>
internal sealed class UserInfo(BffParts parts)
{
    private static readonly string[] ClaimScopes = ["profile", "email", "address", "phone"]; // OIDC Core §5.4

    /// <summary>The claims of the ID token, and those of the userinfo endpoint that it does not have, as JSON.</summary>
    public async ValueTask<string> CompleteAsync(JwtClaims idToken, TokenAnswer tokens, CancellationToken ct)
    {
        var claims = idToken.Root.GetRawText();
        if (
            !parts.Options.AskUserInfo
            || !ScopeSet.TryParse(tokens.Scope ?? parts.Options.Scope, out var scopes)
            || !ClaimScopes.Any(scopes.Contains)
        )
            return claims;
        if ((await parts.Issuer.GetAsync(ct))?.Metadata.UserInfoEndpoint is not { } endpoint)
            return claims;
        var answer = await parts.Backchannel.GetAsync(endpoint, ct, tokens.AccessToken);
        var more = Read(answer, idToken.String("sub")!);
        parts.Tell(
            new BffHop
            {
                Name = "userinfo",
                Method = "GET",
                Url = endpoint,
                Sent = parts.Show([new("access_token", tokens.AccessToken!)]),
                Answer = more is null ? [] : parts.Show(more.Value.EnumerateObject().Select(p => KeyValuePair.Create(p.Name, p.Value.ToString()))),
                Status = answer.Status,
            }
        );
        return more is null ? claims : Merge(idToken.Root, more.Value);
    }

    // OIDC Core §5.3.2: an answer about somebody else is not used.
    private static JsonElement? Read(BackchannelAnswer answer, string subject)
    {
        if (answer.Status != 200 || !JwtClaims.TryParse(answer.Body, out var claims, out _))
            return null;
        return claims.String("sub") == subject ? claims.Root : null;
    }

    private static string Merge(JsonElement idToken, JsonElement more)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var claim in idToken.EnumerateObject())
                claim.WriteTo(json);
            foreach (var claim in more.EnumerateObject().Where(claim => !idToken.TryGetProperty(claim.Name, out _)))
                claim.WriteTo(json);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
