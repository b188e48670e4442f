using Ostiary.Protocol.Reasons;
using Ostiary.Server.Clients;

namespace Ostiary.Server.Configuration;

/// <summary>What the settings of a client demand of each other.</summary>
internal static class ClientRules
{
    public static void Check(DocumentReader reader, Client client, bool hasSecretReference)
    {
        CheckGrants(reader, client);
        CheckAuthentication(reader, client, hasSecretReference);
        CheckCertificate(reader, client);
        CheckResponseTypes(reader, client);
        CheckLogout(reader, client);
    }

    private static void CheckGrants(DocumentReader reader, Client client)
    {
        if (client.GrantTypes.IsEmpty)
            reader.Refuse("grant_types", "is empty: the client could do nothing.");
        if (client.IsPublic && client.May(ClientNames.ClientCredentials)) // RFC 6749 §4.4
            reader.Refuse(
                "grant_types",
                "client_credentials needs a client that authenticates.",
                "Use \"token_endpoint_auth_method\": \"client_secret_basic\" or private_key_jwt."
            );
        if (client.IsPublic && client.May(ClientNames.TokenExchange)) // RFC 8693 §5
            reader.Refuse("grant_types", "token exchange needs a client that authenticates.");
        if (!client.Exchanges.IsEmpty && !client.May(ClientNames.TokenExchange))
            reader.Refuse("token_exchange", "has no use without the grant type of token exchange.", "Add it to grant_types.");
        var signsIn = client.May(ClientNames.AuthorizationCode);
        if (client.May(ClientNames.RefreshToken) && !signsIn && !client.May(ClientNames.DeviceCode))
            reader.Refuse("grant_types", "refresh_token needs authorization_code or the device grant beside it."); // RFC 6749 §4.4.3
        if (signsIn && client.RedirectUris.IsEmpty && !reader.Has("redirect_uris"))
            reader.Refuse("redirect_uris", "is missing: authorization_code answers at a registered address.", null, Reason.RedirectUriNotAcceptable); // RFC 6749 §3.1.2.2
        else if (
            signsIn
            && client.RedirectUris.IsEmpty
            && !reader.Faults.Any(f => f.Path.StartsWith(reader.At("redirect_uris"), StringComparison.Ordinal))
        )
            reader.Refuse("redirect_uris", "is empty: nothing would be answered.", null, Reason.RedirectUriNotAcceptable);
        if (!signsIn && !client.RedirectUris.IsEmpty)
            reader.Refuse("redirect_uris", "has no use without the grant type authorization_code.", "Leave it out, or add the grant type.");
        if (!client.RequirePkce && client.IsPublic) // RFC 9700 §2.1.1
            reader.Refuse("require_pkce", "false is possible only for clients that authenticate.", "Leave it out.");
    }

    private static void CheckAuthentication(DocumentReader reader, Client client, bool hasSecretReference)
    {
        const string member = "token_endpoint_auth_method";
        var usesSecret = UsesSecret(client);
        if (usesSecret && client.Type is (ClientType.Spa or ClientType.Native)) // RFC 8252 §8.5
            reader.Refuse(member, "a secret that every copy of the program holds is none.", "Use \"none\": PKCE protects the code.");
        if (client.AuthenticationMethod == ClientAuthenticationMethod.PrivateKeyJwt && !reader.Has("jwks") && !reader.Has("jwks_uri"))
            reader.Refuse("jwks", "is missing: private_key_jwt is checked with the client's public keys."); // OIDC Core §9
        if (reader.Has("jwks") && reader.Has("jwks_uri")) // RFC 7591 §2
            reader.Refuse("jwks_uri", "stands beside jwks: nobody could tell which of them holds.", "Leave one of them out.");
        if (
            client.AuthenticationMethod is not (ClientAuthenticationMethod.PrivateKeyJwt or ClientAuthenticationMethod.ClientSecretJwt)
            && reader.Has("token_endpoint_auth_signing_alg")
        )
            reader.Refuse("token_endpoint_auth_signing_alg", "has a meaning only with private_key_jwt and client_secret_jwt.");
        if (!usesSecret && hasSecretReference)
            reader.Refuse("client_secret", "the client does not authenticate with a secret.", "Use client_secret_basic, or leave the secret out.");
        foreach (var signed in new[] { "require_signed_request_object", "request_object_signing_alg", "request_uris" })
        {
            if (reader.Has(signed) && client.Keys is null && client.JwksUri is null) // RFC 9101 §6.2
                reader.Refuse(signed, "needs the client's public keys.", "Add jwks or jwks_uri.");
        }
        if (client.IdTokenAlgorithm == "HS256" && !usesSecret) // OIDC Core §10.1
            reader.Refuse("id_token_signed_response_alg", "HS256 needs a client that has a secret.", "Use RS256 or ES256.");
    }

    private static void CheckCertificate(DocumentReader reader, Client client)
    {
        var names = ClientNames.CertificateNames.Select(n => n.Name).Where(reader.Has).ToList();
        if (client.AuthenticationMethod == ClientAuthenticationMethod.TlsClientAuth && names.Count != 1) // RFC 8705 §2.1.2
            reader.Refuse(
                names.Count == 0 ? "token_endpoint_auth_method" : names[1],
                "tls_client_auth needs exactly one name that the certificate must have.",
                $"Write one of {string.Join(", ", ClientNames.CertificateNames.Select(n => n.Name))}."
            );
        if (client.AuthenticationMethod != ClientAuthenticationMethod.TlsClientAuth && names.Count > 0)
            reader.Refuse(names[0], "has a meaning only with tls_client_auth.");
        var hasKeys = reader.Has("jwks") || reader.Has("jwks_uri");
        if (client.AuthenticationMethod == ClientAuthenticationMethod.SelfSignedTlsClientAuth && !hasKeys) // RFC 8705 §2.2.2
            reader.Refuse("jwks", "is missing: a self-signed certificate is known by its key.");
        if (client is { CertificateBound: true, DpopBound: true })
            reader.Refuse(
                "tls_client_certificate_bound_access_tokens",
                "stands beside dpop_bound_access_tokens: a token is bound to one key.",
                "Leave one of them out."
            );
    }

    private static void CheckResponseTypes(DocumentReader reader, Client client)
    {
        if (reader.Texts("response_types", 200) is not { } types)
            return;
        for (var i = 0; i < types.Length; i++)
        {
            if (types[i] != "code") // RFC 9700 §2.1.2
                reader.Refuse(
                    $"response_types[{i}]",
                    $"'{DocumentReader.Shorten(types[i])}' puts tokens into URLs, or does not exist; it is refused.",
                    "Only \"code\" is served; it works in browsers too, with PKCE."
                );
            else if (!client.May(ClientNames.AuthorizationCode)) // RFC 7591 §2.1
                reader.Refuse($"response_types[{i}]", "code needs the grant type authorization_code.");
        }
    }

    private static void CheckLogout(DocumentReader reader, Client client)
    {
        if (client.BackchannelLogoutUri is not null && !client.May(ClientNames.AuthorizationCode)) // Back-Channel Logout §2.2
            reader.Refuse("backchannel_logout_uri", "has no use without the grant type authorization_code: nobody signs in there.");
        if (reader.Has("backchannel_logout_session_required") && !reader.Has("backchannel_logout_uri"))
            reader.Refuse("backchannel_logout_session_required", "has a meaning only with backchannel_logout_uri.");
        if (client.FrontchannelLogoutUri is { } page && !client.RedirectUris.Any(uri => HaveOneOrigin(page, uri))) // Front-Channel Logout §2
            reader.Refuse("frontchannel_logout_uri", "has another scheme, host or port than every redirect URI.");
        if (reader.Has("frontchannel_logout_session_required") && !reader.Has("frontchannel_logout_uri"))
            reader.Refuse("frontchannel_logout_session_required", "has a meaning only with frontchannel_logout_uri.");
    }

    private static bool HaveOneOrigin(string a, string b) =>
        Uri.TryCreate(a, UriKind.Absolute, out var one)
        && Uri.TryCreate(b, UriKind.Absolute, out var other)
        && one.GetLeftPart(UriPartial.Authority) == other.GetLeftPart(UriPartial.Authority);

    public static bool UsesSecret(Client client) =>
        client.AuthenticationMethod
            is ClientAuthenticationMethod.ClientSecretBasic
                or ClientAuthenticationMethod.ClientSecretPost
                or ClientAuthenticationMethod.ClientSecretJwt;
}
