using System.Buffers.Text;
using System.Security.Cryptography;

namespace Ostiary.Program.Tests.ForeignClients;

/// <summary>Over TLS, with clients for every flow; anybody may register, and proofs need a nonce of the server.</summary>
public sealed class ServedOverTls : ServedProgram
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    protected override bool IsSecure => true;

    /// <summary>PKCS #8 in PEM, for ES256: of the client that signs its requests and of the one under FAPI 2.0.</summary>
    public string SigningKey => _key.ExportPkcs8PrivateKeyPem();

    protected override string Configuration()
    {
        var point = _key.ExportParameters(includePrivateParameters: false).Q;
        var jwk =
            $$"""{"kty":"EC","crv":"P-256","use":"sig","kid":"own","x":"{{Base64Url.EncodeToString(point.X)}}","y":"{{Base64Url.EncodeToString(point.Y)}}"}""";
        var web = $$""" "type": "web", "redirect_uris": ["{{RedirectUri}}"], "consent": "required" """;
        const string secret = """ "client_secret": {"file": "app.secret"} """;
        return $$"""
            {
              "issuer": {
                "require_dpop_nonce": true,
                "registration": { "open": true, "scope": "openid email offline_access" }
              },
              "apis": [
                { "identifier": "{{Api}}", "scopes": [{ "name": "read", "description": "Read your notes" }], "exchange_scope": "next.read" },
                { "identifier": "https://next.example", "scopes": [{ "name": "next.read", "description": "Read your photos" }] }
              ],
              "clients": [
                { "client_id": "app", {{web}}, {{secret}} },
                { "client_id": "pusher", {{web}}, {{secret}}, "require_pushed_authorization_requests": true },
                { "client_id": "signer", {{web}}, {{secret}}, "require_signed_request_object": true, "jwks": {"keys": [{{jwk}}]} },
                { "client_id": "tv", "type": "device", "scope": "openid offline_access read" },
                { "client_id": "shop", {{web}}, {{secret}}, "scope": "openid email offline_access read next.read" },
                {
                  "client_id": "service", "type": "service", "scope": "read", {{secret}},
                  "grant_types": ["client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"],
                  "token_exchange": [{ "from": ["shop"], "audiences": ["https://next.example"], "scope": "next.read" }]
                },
                { "client_id": "bank", {{web}}, "profile": "fapi2", "token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [{{jwk}}]} }
              ],
              "users": [{ "username": "{{Username}}", "email": "{{Email}}", "password": { "file": "alice.password" } }]
            }
            """;
    }
}
