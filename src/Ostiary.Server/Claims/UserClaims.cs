using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Server.Apis;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Users;

namespace Ostiary.Server.Claims;

/// <summary>Which claims of a person a scope or the <c>claims</c> parameter gives, and how they are written. OIDC Core §5.1, OIDC Core §5.4</summary>
public static class UserClaims
{
    public static readonly IReadOnlyDictionary<string, string[]> ByScope = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["profile"] =
        [
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
        ["email"] = ["email", "email_verified"],
        ["address"] = ["address"],
        ["phone"] = ["phone_number", "phone_number_verified"],
    };

    /// <summary>The scopes of OpenID Connect itself.</summary>
    public static readonly ScopeSet OpenIdScopes = ScopeSet.Of(KnownScopes.OpenIdConnect);

    /// <summary>Claims that belong to the token, not to the person: no configuration and no request can set them.</summary>
    public static readonly IReadOnlySet<string> Reserved = new HashSet<string>(StringComparer.Ordinal)
    {
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "nbf",
        "jti",
        "nonce",
        "acr",
        "amr",
        "azp",
        "auth_time",
        "at_hash",
        "c_hash",
        "s_hash",
        "sid",
        "client_id",
        "scope",
        "cnf",
        "act",
        "may_act",
        "grant_id",
        "active",
        "token_type",
        "events",
    };

    /// <summary>The claim names that a set of scopes gives at userinfo.</summary>
    public static IEnumerable<string> Of(ScopeSet scope) => scope.Tokens.SelectMany(s => ByScope.GetValueOrDefault(s) ?? []);

    /// <summary>The scope that covers a claim; what no standard scope covers belongs to the profile.</summary>
    public static string ScopeOf(string claim) =>
        ByScope.FirstOrDefault(scope => scope.Value.Contains(claim, StringComparer.Ordinal)).Key ?? "profile";

    /// <summary>Those of the claims asked for by name whose scope the client might ask for too: the parameter is no way around its registration. OIDC Core §5.5</summary>
    public static IEnumerable<string> AllowedTo(Client client, IEnumerable<string> names)
    {
        var allowed = TokenTarget.AllowedTo(client);
        return names.Where(name => allowed.Contains(ScopeOf(name)));
    }

    /// <summary>Writes those of the named claims that the person has. Each once; reserved names never.</summary>
    public static void Write(Utf8JsonWriter json, User user, IEnumerable<string> names)
    {
        foreach (var name in names.Distinct(StringComparer.Ordinal))
        {
            if (!Reserved.Contains(name))
                Write(json, user, name);
        }
    }

    private static void Write(Utf8JsonWriter json, User user, string name)
    {
        if (user.Claims.TryGetValue(name, out var value))
        {
            json.WritePropertyName(name);
            value.WriteTo(json);
            return;
        }
        switch (name)
        {
            case "preferred_username":
                json.WriteString(name, user.Username);
                break;
            case "email" when user.Email is not null:
                json.WriteString(name, user.Email);
                break;
            case "email_verified" when user.Email is not null:
                json.WriteBoolean(name, user.EmailVerified);
                break;
            case "updated_at":
                json.WriteNumber(name, (user.UpdatedAt ?? user.CreatedAt).ToUnixTimeSeconds());
                break;
        }
    }
}
