using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol.Dpop;
using Ostiary.Server.Authorize;
using Ostiary.Server.Claims;
using Ostiary.Server.Configuration;

namespace Ostiary.Server.Discovery;

/// <summary>Metadata, computed from the same configuration that the endpoints use. OIDC Discovery §3, RFC 8414 §2</summary>
public sealed class DiscoveryEndpoint(Issuer issuer, IReadOnlyList<string> grantTypes)
{
    private static readonly string[] AuthenticationMethods =
    [
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
        "client_secret_jwt",
        "none",
    ];
    private static readonly string[] SecretlessMethods = ["client_secret_basic", "client_secret_post", "private_key_jwt", "client_secret_jwt"];

    /// <summary>The endpoints that clients call themselves, where their certificate may count. RFC 8705 §5</summary>
    private static readonly (string Name, string Path)[] Aliases =
    [
        ("token_endpoint", "/token"),
        ("pushed_authorization_request_endpoint", "/par"),
        ("device_authorization_endpoint", "/device_authorization"),
        ("introspection_endpoint", "/introspect"),
        ("revocation_endpoint", "/revoke"),
        ("userinfo_endpoint", "/userinfo"),
    ];
    private readonly string[] _certificateMethods =
        !issuer.MutualTls.Offered ? []
        : issuer.MutualTls.Authorities.Count == 0 ? ["self_signed_tls_client_auth"]
        : ["tls_client_auth", "self_signed_tls_client_auth"]; // RFC 8705 §2.1.1
    private static readonly string[] AssertionAlgorithms = [.. ClientNames.AssertionAlgorithms, .. ClientNames.SecretAlgorithms];
    private static readonly string[] UserClaimNames =
    [
        "sub",
        "iss",
        "aud",
        "exp",
        "iat",
        "auth_time",
        "nonce",
        "acr",
        "amr",
        "sid",
        .. UserClaims.ByScope.Values.SelectMany(names => names),
    ];
    private volatile Cached? _cached;

    private sealed record Cached(long Revision, byte[] Document);

    public Task HandleAsync(HttpContext http)
    {
        var document = Current();
        http.Response.ContentType = "application/json";
        http.Response.Headers.CacheControl = "public, max-age=300";
        http.Response.Headers.AccessControlAllowOrigin = "*";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.ContentLength = document.Length;
        return http.Response.Body.WriteAsync(document, http.RequestAborted).AsTask();
    }

    private byte[] Current()
    {
        var snapshot = issuer.Configuration.Current;
        if (_cached is { } cached && cached.Revision == snapshot.Revision)
            return cached.Document;
        var buffer = new ArrayBufferWriter<byte>(2048);
        using (var json = new Utf8JsonWriter(buffer))
            Write(json, snapshot);
        var document = buffer.WrittenSpan.ToArray();
        _cached = new(snapshot.Revision, document);
        return document;
    }

    private void Write(Utf8JsonWriter json, Snapshot snapshot)
    {
        json.WriteStartObject();
        json.WriteString("issuer", issuer.Url.Text); // RFC 8414 §2
        json.WriteString("authorization_endpoint", issuer.Url.At("/authorize"));
        json.WriteString("pushed_authorization_request_endpoint", issuer.Url.At("/par")); // RFC 9126 §5
        json.WriteString("device_authorization_endpoint", issuer.Url.At("/device_authorization")); // RFC 8628 §4
        json.WriteString("token_endpoint", issuer.Url.At("/token"));
        json.WriteString("jwks_uri", issuer.Url.At("/.well-known/jwks.json"));
        json.WriteString("userinfo_endpoint", issuer.Url.At("/userinfo"));
        json.WriteString("introspection_endpoint", issuer.Url.At("/introspect"));
        json.WriteString("revocation_endpoint", issuer.Url.At("/revoke"));
        if (snapshot.Settings.Registration is not null)
            json.WriteString("registration_endpoint", issuer.Url.At("/register")); // RFC 8414 §2
        if (snapshot.Settings.Registration is { MetadataDocuments: true })
            json.WriteBoolean("client_id_metadata_document_supported", true); // CIMD §5
        json.WriteString("end_session_endpoint", issuer.Url.At("/end_session")); // RP-Initiated Logout §2.1
        json.WriteBoolean("backchannel_logout_supported", true); // Back-Channel Logout §2.1
        json.WriteBoolean("backchannel_logout_session_supported", true);
        json.WriteBoolean("frontchannel_logout_supported", true); // Front-Channel Logout §3
        json.WriteBoolean("frontchannel_logout_session_supported", true);
        json.WriteString("check_session_iframe", issuer.Url.At("/check_session")); // Session Management §3.3
        List(json, "scopes_supported", UserClaims.OpenIdScopes.Tokens.Concat(snapshot.Apis.Values.SelectMany(a => a.AllScopes.Tokens)));
        List(json, "response_types_supported", ["code"]);
        List(json, "response_modes_supported", ["query", "form_post"]);
        List(json, "grant_types_supported", grantTypes);
        List(json, "subject_types_supported", ["public"]);
        List(json, "acr_values_supported", Acr.Supported);
        List(json, "id_token_signing_alg_values_supported", SigningAlgorithms.All);
        List(json, "token_endpoint_auth_methods_supported", AuthenticationMethods.Concat(_certificateMethods));
        List(json, "token_endpoint_auth_signing_alg_values_supported", AssertionAlgorithms);
        List(json, "introspection_endpoint_auth_methods_supported", SecretlessMethods.Concat(_certificateMethods));
        List(json, "introspection_endpoint_auth_signing_alg_values_supported", AssertionAlgorithms);
        List(json, "revocation_endpoint_auth_methods_supported", AuthenticationMethods.Concat(_certificateMethods));
        List(json, "revocation_endpoint_auth_signing_alg_values_supported", AssertionAlgorithms);
        List(json, "dpop_signing_alg_values_supported", DpopProof.Algorithms); // RFC 9449 §5.1
        List(json, "code_challenge_methods_supported", ["S256"]); // RFC 7636 §6.2
        List(json, "prompt_values_supported", AuthorizeRules.Prompts);
        List(json, "claims_supported", UserClaimNames);
        List(json, "claim_types_supported", ["normal"]);
        List(json, "ui_locales_supported", ["en", "de"]);
        json.WriteBoolean("claims_parameter_supported", true);
        json.WriteBoolean("require_pushed_authorization_requests", snapshot.Settings.RequirePushed); // RFC 9126 §5
        json.WriteBoolean("request_parameter_supported", true); // OIDC Discovery §3
        json.WriteBoolean("request_uri_parameter_supported", true);
        json.WriteBoolean("require_request_uri_registration", true);
        List(json, "request_object_signing_alg_values_supported", ClientNames.AssertionAlgorithms); // RFC 9101 §9
        json.WriteBoolean("authorization_response_iss_parameter_supported", true); // RFC 9207 §3
        WriteMutualTls(json);
        json.WriteEndObject();
    }

    private void WriteMutualTls(Utf8JsonWriter json)
    {
        if (!issuer.MutualTls.Offered)
            return;
        json.WriteBoolean("tls_client_certificate_bound_access_tokens", true); // RFC 8705 §3.3
        if (issuer.MutualTls.AliasOrigin is null)
            return;
        json.WriteStartObject("mtls_endpoint_aliases"); // RFC 8705 §5
        foreach (var (name, path) in Aliases)
            json.WriteString(name, issuer.MutualTls.At(issuer.Url, path));
        json.WriteEndObject();
    }

    private static void List(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values.Distinct(StringComparer.Ordinal))
            json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
