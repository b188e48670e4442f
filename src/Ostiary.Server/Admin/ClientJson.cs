using System.Text.Json;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;

namespace Ostiary.Server.Admin;

/// <summary>The registration object of a client, with every setting that is in force. RFC 7591 §3.2.1</summary>
internal static class ClientJson
{
    /// <param name="secret">The secret, the one time that it is shown.</param>
    /// <param name="warnings">What is worth a word.</param>
    public static void Write(Utf8JsonWriter json, ClientDocument document, string? secret = null, IReadOnlyList<string>? warnings = null)
    {
        var client = document.Client;
        json.WriteString("client_id", client.Id);
        json.WriteNumber("client_id_issued_at", document.CreatedAt.ToUnixTimeSeconds());
        if (secret is not null)
        {
            json.WriteString("client_secret", secret);
            json.WriteNumber("client_secret_expires_at", 0);
        }
        AdminJson.Text(json, "client_name", client.Name);
        json.WriteString("type", ClientNames.NameOf(ClientNames.Types, client.Type));
        if (client.Profile != Profile.None)
            json.WriteString("profile", ClientNames.NameOf(ClientNames.Profiles, client.Profile));
        json.WriteString("application_type", client.Type is ClientType.Native or ClientType.Mcp ? "native" : "web");
        if (client.Disabled)
            json.WriteBoolean("disabled", true);
        AdminJson.Texts(json, "redirect_uris", client.RedirectUris);
        AdminJson.Texts(json, "post_logout_redirect_uris", client.PostLogoutRedirectUris);
        AdminJson.Text(json, "backchannel_logout_uri", client.BackchannelLogoutUri);
        if (client.BackchannelLogoutUri is not null)
            json.WriteBoolean("backchannel_logout_session_required", client.BackchannelLogoutSessionRequired);
        AdminJson.Text(json, "frontchannel_logout_uri", client.FrontchannelLogoutUri);
        if (client.FrontchannelLogoutUri is not null)
            json.WriteBoolean("frontchannel_logout_session_required", client.FrontchannelLogoutSessionRequired);
        AdminJson.Texts(json, "grant_types", client.GrantTypes);
        AdminJson.Texts(json, "response_types", client.May(ClientNames.AuthorizationCode) ? ["code"] : []);
        if (!client.Scope.IsEmpty)
            json.WriteString("scope", client.Scope.ToString());
        WriteAuthentication(json, document);
        WriteTokens(json, client);
        foreach (var name in new[] { "client_uri", "logo_uri", "policy_uri", "tos_uri", "contacts", "allow_unsafe", "token_exchange", "may_act" })
            Copy(json, document.Declared, name);
        if (warnings is { Count: > 0 })
            AdminJson.Texts(json, "warnings", warnings);
    }

    public static void WriteSecret(Utf8JsonWriter json, ClientSecret secret, string? text = null, DateTimeOffset? lastUsed = null)
    {
        json.WriteString("id", secret.Id);
        AdminJson.Text(json, "client_secret", text);
        AdminJson.Time(json, "created_at", secret.CreatedAt);
        AdminJson.Time(json, "expires_at", secret.ExpiresAt);
        AdminJson.Time(json, "last_used_at", lastUsed);
    }

    private static void WriteAuthentication(Utf8JsonWriter json, ClientDocument document)
    {
        var client = document.Client;
        json.WriteString("token_endpoint_auth_method", ClientNames.NameOf(ClientNames.Methods, client.AuthenticationMethod));
        if (client.AuthenticationMethod is ClientAuthenticationMethod.PrivateKeyJwt or ClientAuthenticationMethod.ClientSecretJwt)
            AdminJson.Text(json, "token_endpoint_auth_signing_alg", client.AssertionAlgorithm);
        if (
            client.AuthenticationMethod is ClientAuthenticationMethod.PrivateKeyJwt or ClientAuthenticationMethod.ClientSecretJwt
            || document.Declared.TryGetProperty("assertion_audience", out _)
        )
            json.WriteString("assertion_audience", ClientNames.NameOf(ClientNames.Audiences, client.AssertionAudience));
        if (client.CertificateSubject is { } subject)
            json.WriteString(ClientNames.NameOf(ClientNames.CertificateNames, subject.Kind), subject.Value); // RFC 8705 §2.1.2
        Copy(json, document.Declared, "jwks");
        AdminJson.Text(json, "jwks_uri", client.JwksUri);
        json.WriteBoolean("require_pkce", client.RequirePkce);
        if (client.RequirePushed)
            json.WriteBoolean("require_pushed_authorization_requests", true);
        if (client.RequireSigned)
            json.WriteBoolean("require_signed_request_object", true);
        AdminJson.Text(json, "request_object_signing_alg", client.RequestObjectAlgorithm);
        if (!client.RequestUris.IsEmpty)
            AdminJson.Texts(json, "request_uris", client.RequestUris);
    }

    private static void WriteTokens(Utf8JsonWriter json, Client client)
    {
        json.WriteString("id_token_signed_response_alg", client.IdTokenAlgorithm);
        if (client.DefaultMaxAge is { } age)
            json.WriteNumber("default_max_age", age);
        if (client.RequireAuthTime)
            json.WriteBoolean("require_auth_time", true);
        if (client.DpopBound)
            json.WriteBoolean("dpop_bound_access_tokens", true); // RFC 9449 §5.2
        if (client.CertificateBound)
            json.WriteBoolean("tls_client_certificate_bound_access_tokens", true); // RFC 8705 §3.4
        json.WriteString("refresh_token_rotation", ClientNames.NameOf(ClientNames.Rotations, client.Rotation));
        json.WriteString("consent", ClientNames.NameOf(ClientNames.Consents, client.Consent));
        AdminJson.Span(json, "access_token_lifetime", client.AccessTokenLifetime);
        AdminJson.Span(json, "refresh_token_lifetime", client.RefreshTokenLifetime);
        AdminJson.Span(json, "refresh_token_idle", client.RefreshTokenIdle);
    }

    private static void Copy(Utf8JsonWriter json, JsonElement declared, string name)
    {
        if (!declared.TryGetProperty(name, out var value))
            return;
        json.WritePropertyName(name);
        value.WriteTo(json);
    }
}
