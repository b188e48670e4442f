using System.Text;
using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Apis;
using Ostiary.Server.Clients;
using Ostiary.Server.Grants;

namespace Ostiary.Server.Claims;

/// <summary>The <c>claims</c> parameter: what is asked for in the ID token and at userinfo. OIDC Core §5.5</summary>
public sealed class ClaimsRequest
{
    private const int MaxLength = 8 * 1024;
    private const int MaxDepth = 6;

    public static ClaimsRequest None { get; } = new();

    public IReadOnlyList<string> UserInfo { get; private init; } = [];
    public IReadOnlyList<string> IdToken { get; private init; } = [];

    /// <summary>The acr values demanded as essential for the ID token; empty: none. OIDC Core §5.5.1.1</summary>
    public IReadOnlyList<string> EssentialAcr { get; private init; } = [];

    /// <summary>The claims that a stored request asked for; it was validated when it was stored.</summary>
    public static ClaimsRequest Of(GrantRequest request) => TryParse(request.Claims, out var claims) ? claims : None;

    /// <summary>The scopes that these claims belong to: people consent to them as to the scopes. OIDC Core §5.5</summary>
    public ScopeSet ScopeFor(Client client)
    {
        var asked = UserInfo.Concat(IdToken).Where(name => !UserClaims.Reserved.Contains(name)).Select(UserClaims.ScopeOf);
        return ScopeSet.Of(asked).Intersect(TokenTarget.AllowedTo(client));
    }

    /// <summary>Whether <c>auth_time</c> or anything else was asked for makes no difference: it is always there.</summary>
    public static bool TryParse(string? text, out ClaimsRequest request)
    {
        request = None;
        if (text is null)
            return true;
        if (text.Length > MaxLength)
            return false;
        if (!StrictJson.TryParseObject(Encoding.UTF8.GetBytes(text), out var document, maxDepth: MaxDepth))
            return false;
        using (document)
        {
            if (!TryNames(document.RootElement, "userinfo", out var userInfo) || !TryNames(document.RootElement, "id_token", out var idToken))
                return false;
            request = new ClaimsRequest
            {
                UserInfo = userInfo,
                IdToken = idToken,
                EssentialAcr = Acr(document.RootElement),
            };
            return true;
        }
    }

    private static bool TryNames(JsonElement root, string member, out IReadOnlyList<string> names)
    {
        names = [];
        if (!root.TryGetProperty(member, out var part) || part.ValueKind == JsonValueKind.Null)
            return true;
        if (part.ValueKind != JsonValueKind.Object)
            return false;
        var list = new List<string>();
        foreach (var claim in part.EnumerateObject())
        {
            if (claim.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Object))
                return false;
            list.Add(claim.Name);
        }
        names = list;
        return true;
    }

    private static List<string> Acr(JsonElement root)
    {
        var values = new List<string>();
        if (!root.TryGetProperty("id_token", out var idToken) || idToken.ValueKind != JsonValueKind.Object)
            return values;
        if (!idToken.TryGetProperty("acr", out var acr) || acr.ValueKind != JsonValueKind.Object)
            return values;
        if (!acr.TryGetProperty("essential", out var essential) || essential.ValueKind != JsonValueKind.True)
            return values;
        if (acr.TryGetProperty("value", out var value) && value.ValueKind == JsonValueKind.String)
            values.Add(value.GetString()!);
        if (acr.TryGetProperty("values", out var several) && several.ValueKind == JsonValueKind.Array)
            values.AddRange(several.EnumerateArray().Where(v => v.ValueKind == JsonValueKind.String).Select(v => v.GetString()!));
        return values;
    }
}
