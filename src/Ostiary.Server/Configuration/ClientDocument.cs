using System.Collections.Immutable;
using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Protocol.Certificates;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Clients;
using Ostiary.Server.Registration;

namespace Ostiary.Server.Configuration;

/// <summary>A client of a configuration: as it was written, what it means, and where its secret comes from.</summary>
internal sealed record ClientDocument(JsonElement Declared, Client Client)
{
    public int Order { get; init; }
    public SecretReference? Secret { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? UpdatedAt { get; init; }

    /// <summary>Null: the operator's.</summary>
    public ClientRegistration? Registration { get; init; }

    /// <param name="onLoopback">Whether the issuer itself is on loopback: then every client may be, for development.</param>
    public static ClientDocument? Parse(JsonElement declared, string path, bool onLoopback, List<ConfigurationFault> faults)
    {
        var before = faults.Count;
        var reader = new DocumentReader(declared, path, faults);
        if (!reader.IsObject)
            return null;
        var id = ReadId(reader);
        var type = ReadType(reader);
        var defaults = ClientDefaults.Of(type);
        var unsafeNames = Bounds.ReadAllowances(reader, "access_token_lifetime", "refresh_token_lifetime", "refresh_token_idle");
        var method = reader.Choice("token_endpoint_auth_method", ClientNames.Methods) ?? defaults.Method;
        var profile = reader.Choice("profile", ClientNames.Profiles) ?? Profile.None;
        var unset = new Client
        {
            Id = id,
            Type = type,
            AuthenticationMethod = method,
        };
        var client = unset with
        {
            GrantTypes = ReadGrantTypes(reader) ?? defaults.GrantTypes,
            Name = reader.Display("client_name", 100),
            Disabled = reader.Flag("disabled") ?? false,
            Profile = profile,
            Keys = ReadKeys(reader),
            JwksUri = ClientUris.ReadFetched(reader, "jwks_uri", onLoopback),
            AssertionAlgorithm = reader.OneOf("token_endpoint_auth_signing_alg", ClientNames.AlgorithmsOf(method)),
            AssertionAudience = reader.Choice("assertion_audience", ClientNames.Audiences) ?? unset.AssertionAudience,
            CertificateSubject = ReadCertificateSubject(reader),
            RedirectUris = ClientUris.ReadRedirects(reader, "redirect_uris", type, onLoopback),
            PostLogoutRedirectUris = ClientUris.ReadRedirects(reader, "post_logout_redirect_uris", type, onLoopback),
            BackchannelLogoutUri = ClientUris.ReadFetched(reader, "backchannel_logout_uri", onLoopback),
            BackchannelLogoutSessionRequired = reader.Flag("backchannel_logout_session_required") ?? false,
            FrontchannelLogoutUri = ClientUris.ReadFramed(reader, "frontchannel_logout_uri"),
            FrontchannelLogoutSessionRequired = reader.Flag("frontchannel_logout_session_required") ?? false,
            Scope = ReadScope(reader),
            RequirePkce = reader.Flag("require_pkce") ?? true,
            RequirePushed = reader.Flag("require_pushed_authorization_requests") ?? profile == Profile.Fapi2,
            RequireSigned = reader.Flag("require_signed_request_object") ?? false,
            RequestObjectAlgorithm = reader.OneOf("request_object_signing_alg", ClientNames.AssertionAlgorithms),
            RequestUris = ClientUris.ReadRequestUris(reader, "request_uris", onLoopback),
            Consent = reader.Choice("consent", ClientNames.Consents) ?? unset.Consent,
        };
        client = ClientUris.ReadPages(reader, ExchangeDocument.Read(reader, client));
        client = ReadTokens(reader, client, unset, unsafeNames);
        _ = reader.Texts("contacts", 254);
        var secret = SecretReference.Read(reader, "client_secret");
        ClientRules.Check(reader, client, secret is not null);
        reader.Finish();
        return faults.Count == before ? new(declared.Clone(), client) { Secret = secret } : null;
    }

    private static Client ReadTokens(DocumentReader reader, Client client, Client unset, ImmutableArray<string> unsafeNames)
    {
        var certificateBound = reader.Flag("tls_client_certificate_bound_access_tokens") ?? false; // RFC 8705 §3.4
        return client with
        {
            Rotation = reader.Choice("refresh_token_rotation", ClientNames.Rotations) ?? unset.Rotation,
            AccessTokenLifetime = Bounds.Read(reader, "access_token_lifetime", unsafeNames),
            RefreshTokenLifetime = Bounds.Read(reader, "refresh_token_lifetime", unsafeNames),
            RefreshTokenIdle = Bounds.Read(reader, "refresh_token_idle", unsafeNames),
            IdTokenAlgorithm = ReadIdTokenAlgorithm(reader) ?? (client.Profile == Profile.Fapi2 ? "ES256" : unset.IdTokenAlgorithm),
            UserInfoAlgorithm = reader.OneOf("userinfo_signed_response_alg", SigningAlgorithms.Public),
            DefaultMaxAge = reader.Number("default_max_age", 0, 315_360_000),
            DpopBound = reader.Flag("dpop_bound_access_tokens") ?? (client.Profile == Profile.Fapi2 && !certificateBound),
            CertificateBound = certificateBound,
            RequireAuthTime = reader.Flag("require_auth_time") ?? false,
        };
    }

    private static string ReadId(DocumentReader reader)
    {
        var id = reader.Text("client_id", 200);
        if (id is null && !reader.Has("client_id"))
            reader.Refuse("client_id", "is missing.");
        else if (id is not null && !id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~' or ':' or '@'))
            reader.Refuse("client_id", "is made of letters, digits and - . _ ~ : @ only.");
        return id ?? "";
    }

    /// <summary>The type; where it is not stated, the one that the registered metadata describe.</summary>
    private static ClientType ReadType(DocumentReader reader)
    {
        var stated = reader.Choice("type", ClientNames.Types);
        var application = reader.OneOf("application_type", ["web", "native"]); // OIDC Registration §2
        if (stated is { } type)
        {
            if (application == "native" && type is (ClientType.Web or ClientType.Spa or ClientType.Service))
                reader.Refuse("application_type", "native contradicts the type.", "Write \"type\": \"native\".");
            return type;
        }
        if (application == "native")
            return ClientType.Native;
        var grants = reader.TryGet("grant_types", out var list) && list.ValueKind == JsonValueKind.Array ? list : default;
        bool Names(string grant) =>
            grants.ValueKind == JsonValueKind.Array
            && grants.EnumerateArray().Any(g => g.ValueKind == JsonValueKind.String && g.GetString() == grant);
        if (Names(ClientNames.ClientCredentials) && !Names(ClientNames.AuthorizationCode))
            return ClientType.Service;
        if (Names(ClientNames.DeviceCode) && !Names(ClientNames.AuthorizationCode))
            return ClientType.Device;
        var isPublic =
            reader.TryGet("token_endpoint_auth_method", out var method) && method.ValueKind == JsonValueKind.String && method.GetString() == "none";
        if (!isPublic)
            return ClientType.Web;
        return ClientUris.AreNative(reader) ? ClientType.Native : ClientType.Spa;
    }

    private static ImmutableArray<string>? ReadGrantTypes(DocumentReader reader)
    {
        if (reader.Texts("grant_types", 200) is not { } grants)
            return null;
        for (var i = 0; i < grants.Length; i++)
        {
            if (ClientNames.GrantTypes.Contains(grants[i], StringComparer.Ordinal))
                continue;
            var (message, hint) = grants[i] switch
            {
                "implicit" => (
                    "the implicit grant is refused: it puts tokens into URLs, where history, logs and other sites read them.", // RFC 9700 §2.1.2
                    "Use authorization_code with PKCE; it works in browsers too."
                ),
                "password" => (
                    "the password grant is refused: it hands the user's password to the client and knows no second factor.", // RFC 9700 §2.4
                    "Use authorization_code for people and client_credentials for services."
                ),
                var other => (
                    $"the grant type '{DocumentReader.Shorten(other)}' is not supported.",
                    ClosestName.Of(other, ClientNames.GrantTypes) is { } closest
                        ? $"The closest is '{closest}'."
                        : $"Supported are: {string.Join(", ", ClientNames.GrantTypes)}."
                ),
            };
            reader.Refuse($"grant_types[{i}]", message, hint);
        }
        return grants;
    }

    private static ScopeSet ReadScope(DocumentReader reader)
    {
        var text = reader.Text("scope", 4000);
        if (!ScopeSet.TryParse(text, out var scope))
            reader.Refuse("scope", "holds characters that no scope may hold.", "Scopes are separated by single spaces."); // RFC 6749 §3.3
        return scope;
    }

    /// <summary>The first of the names that stands there; that no other does is asked by <see cref="ClientRules"/>. RFC 8705 §2.1.2</summary>
    private static CertificateSubject? ReadCertificateSubject(DocumentReader reader)
    {
        CertificateSubject? subject = null;
        foreach (var (name, kind) in ClientNames.CertificateNames)
        {
            if (reader.Text(name, 1000) is not { } text)
                continue;
            var read = new CertificateSubject(kind, text);
            if (!read.IsWellFormed)
                reader.Refuse(
                    name,
                    "is not a name of this kind.",
                    kind == CertificateNameKind.SubjectDn ? "For example CN=bank,O=Bank AG,C=CH." : null
                ); // RFC 4514 §2
            subject ??= read;
        }
        return subject;
    }

    private static string? ReadIdTokenAlgorithm(DocumentReader reader)
    {
        const string member = "id_token_signed_response_alg";
        if (reader.TryGet(member, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() == "none")
        {
            reader.Refuse(member, "unsigned ID tokens are refused: anybody could write them.", "Leave it out for RS256, or use ES256.");
            return null;
        }
        return reader.OneOf(member, SigningAlgorithms.All);
    }

    private static JsonWebKeySet? ReadKeys(DocumentReader reader)
    {
        if (!reader.TryGet("jwks", out var element))
            return null;
        if (JsonWebKeySet.TryParse(element, publicOnly: true, out var keys, out var fault))
        {
            if (keys.Keys.Count > 0)
                return keys;
            reader.Refuse("jwks", "holds no key that can be used.");
            return null;
        }
        if (fault == JoseFault.PrivateKeyInPublicSet)
            reader.Refuse("jwks", "holds a private or secret key.", "Replace that key pair; register its public part only.", Reason.WeakSecret);
        else
            reader.Refuse("jwks", $"is not a JSON Web Key Set that can be used ({fault})."); // RFC 7517 §5
        return null;
    }
}
