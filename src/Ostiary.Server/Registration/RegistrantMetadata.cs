using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;

namespace Ostiary.Server.Registration;

/// <summary>
/// What a registrant asks for, as far as the policy lets it: members that this server does not know are passed over, what is more than the policy offers is
/// left out and said, and what cannot be left out refuses. What remains is a <see cref="ClientDocument"/> like every other, checked like every other. RFC 7591 §2
/// </summary>
internal sealed class RegistrantMetadata
{
    /// <summary>The members that a registrant may set. What is not here only the operator sets.</summary>
    private static readonly string[] Settable =
    [
        "redirect_uris",
        "post_logout_redirect_uris",
        "backchannel_logout_uri", // Back-Channel Logout §2.2
        "backchannel_logout_session_required",
        "frontchannel_logout_uri", // Front-Channel Logout §2
        "frontchannel_logout_session_required",
        "client_name",
        "client_uri",
        "logo_uri",
        "policy_uri",
        "tos_uri",
        "contacts",
        "jwks",
        "jwks_uri",
        "token_endpoint_auth_signing_alg",
        "id_token_signed_response_alg",
        "userinfo_signed_response_alg",
        "request_object_signing_alg",
        "request_uris",
        "require_signed_request_object",
        "require_pushed_authorization_requests",
        "default_max_age",
        "require_auth_time",
        "dpop_bound_access_tokens", // RFC 9449 §5.2
        "tls_client_certificate_bound_access_tokens", // RFC 8705 §3.4
        .. ClientNames.CertificateNames.Select(n => n.Name), // RFC 8705 §2.1.2
    ];

    private readonly RegistrationPolicy _policy;
    private readonly JsonElement _asked;
    private readonly List<string> _warnings = [];

    private RegistrantMetadata(RegistrationPolicy policy, JsonElement asked) => (_policy, _asked) = (policy, asked);

    /// <summary>Null: it cannot be registered.</summary>
    public ClientDocument? Document { get; private init; }

    /// <summary>What was asked for and left out.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    public bool HasSoftwareStatement { get; private init; }

    /// <summary>What the policy does not offer, for the registrant.</summary>
    public string? NotOffered { get; private set; }
    public string? HostNotOffered { get; private set; }

    /// <summary>What the document's own checks found.</summary>
    public ConfigurationFault? Fault { get; private init; }

    public static RegistrantMetadata Of(JsonElement asked, string clientId, RegistrationPolicy policy, bool onLoopback)
    {
        var reading = new RegistrantMetadata(policy, asked);
        var declared = JsonMerge.Build(json => reading.Write(json, clientId));
        reading.CheckHosts();
        var faults = new List<ConfigurationFault>();
        var document = ClientDocument.Parse(declared, "", onLoopback, faults);
        if (document is not null && policy.McpServers.IsEmpty && OneWordOf(document.Client) is { } fault)
        {
            faults.Add(fault);
            document = null;
        }
        var result = new RegistrantMetadata(policy, asked)
        {
            Document = document is null ? null : document with { Client = document.Client with { Registered = true } },
            HasSoftwareStatement = asked.TryGetProperty("software_statement", out _),
            NotOffered = reading.NotOffered,
            HostNotOffered = reading.HostNotOffered,
            Fault = faults.Count > 0 ? faults[0] : null,
        };
        result._warnings.AddRange(reading._warnings);
        return result;
    }

    private void Write(Utf8JsonWriter json, string clientId)
    {
        var method = Method();
        var grants = Grants();
        json.WriteStartObject();
        json.WriteString("client_id", clientId); // Never the one that it asks for.
        WriteType(json, method, grants);
        foreach (var member in Settable)
        {
            if (!TryAsked(member, out var value))
                continue;
            json.WritePropertyName(member);
            value.WriteTo(json);
        }
        json.WriteString("token_endpoint_auth_method", method);
        WriteTexts(json, "grant_types", grants);
        WriteResponseTypes(json);
        var scope = Scope();
        if (!scope.IsEmpty)
            json.WriteString("scope", scope.ToString());
        if (!_policy.RequirePkce && method != "none")
            json.WriteBoolean("require_pkce", false);
        json.WriteEndObject();
        if (Text("subject_type") is { } subject && subject != "public") // OIDC Registration §2
            NotOffered ??= $"subject_type '{DocumentReader.Shorten(subject)}': only public is supported.";
    }

    /// <summary>
    /// A program on a device, or one that nobody can tell from it, is of the type <c>mcp</c>: each copy registers for itself, so it may have a secret of its own,
    /// and it may mix addresses. Who says that it is a web application and has a secret is held to it.
    /// </summary>
    private void WriteType(Utf8JsonWriter json, string method, List<string> grants)
    {
        if (!grants.Contains(ClientNames.AuthorizationCode))
            return;
        var application = Text("application_type");
        var native = application == "native" || (Redirects().Any(IsLocal) && (method == "none" || application is null));
        json.WriteString(
            "type",
            native ? "mcp"
                : method == "none" ? "spa"
                : "web"
        );
    }

    /// <summary>An address with a scheme that is a single word, wherever the browser would be sent to it.</summary>
    private static ConfigurationFault? OneWordOf(Client client)
    {
        const string hint = "For example com.example.app:/callback; a single word only where an API is an MCP server.";
        var (member, word) = ("redirect_uris", client.RedirectUris.FirstOrDefault(IsOneWord));
        if (word is null)
            (member, word) = ("post_logout_redirect_uris", client.PostLogoutRedirectUris.FirstOrDefault(IsOneWord));
        if (word is null)
            return null;
        var message = $"'{DocumentReader.Shorten(word)}' has no private-use scheme with a dot.";
        return new(member, Reason.RedirectUriNotAcceptable, message, hint); // RFC 8252 §7.1
    }

    private static bool IsOneWord(string uri) => RedirectUris.IsPrivateScheme(uri) && !RedirectUris.MayRegister(uri, native: true);

    private static bool IsLocal(string uri) => !uri.StartsWith("https://", StringComparison.Ordinal);

    private IEnumerable<string> Redirects() => TryAsked("redirect_uris", out var uris) && uris.ValueKind == JsonValueKind.Array ? TextsOf(uris) : [];

    private string Method()
    {
        var method =
            Text("token_endpoint_auth_method")
            ?? (_policy.Methods.Contains("client_secret_basic") ? "client_secret_basic" : _policy.Methods.FirstOrDefault("none")); // RFC 7591 §2
        if (!_policy.Methods.Contains(method))
            NotOffered ??= $"token_endpoint_auth_method '{DocumentReader.Shorten(method)}': offered are {string.Join(", ", _policy.Methods)}.";
        return method;
    }

    private List<string> Grants()
    {
        if (!TryAsked("grant_types", out var asked) || asked.ValueKind != JsonValueKind.Array)
        {
            var usual = _policy.GrantTypes.Where(g => g is ClientNames.AuthorizationCode or ClientNames.RefreshToken).ToList();
            return usual.Contains(ClientNames.AuthorizationCode) ? usual : [.. _policy.GrantTypes];
        }
        var grants = Narrowed("grant_types", TextsOf(asked), _policy.GrantTypes.Contains);
        if (grants.Count == 0)
            NotOffered ??= $"grant_types: offered are {string.Join(", ", _policy.GrantTypes)}.";
        return grants;
    }

    private void WriteResponseTypes(Utf8JsonWriter json)
    {
        if (!TryAsked("response_types", out var asked) || asked.ValueKind != JsonValueKind.Array)
            return;
        var types = TextsOf(asked).ToList();
        // Where no other is left the document refuses them, and says why.
        WriteTexts(json, "response_types", types.Contains("code") ? Narrowed("response_types", types, type => type == "code") : types);
    }

    private ScopeSet Scope()
    {
        if (Text("scope") is not { } text || !ScopeSet.TryParse(text, out var asked))
            return _policy.Scope;
        var scope = ScopeSet.Of(Narrowed("scope", asked.Tokens, _policy.Scope.Contains));
        if (scope.IsEmpty)
            return _policy.Scope;
        // Clients of MCP register with the scopes of their first call, and ask for more when a tool needs it.
        return _policy.McpServers.Where(server => server.Tokens.Any(scope.Contains)).Aggregate(scope, (all, server) => all.Union(server));
    }

    private List<string> Narrowed(string member, IEnumerable<string> asked, Func<string, bool> isOffered)
    {
        var kept = new List<string>();
        foreach (var value in asked.Distinct(StringComparer.Ordinal))
        {
            if (isOffered(value))
                kept.Add(value);
            else
                _warnings.Add($"{member}: '{DocumentReader.Shorten(value)}' is not offered to clients that register themselves; it was left out.");
        }
        return kept;
    }

    private void CheckHosts()
    {
        var posts = TryAsked("post_logout_redirect_uris", out var uris) && uris.ValueKind == JsonValueKind.Array ? TextsOf(uris) : [];
        // The server would post there, for whoever signs in.
        var told = Text("backchannel_logout_uri") is { } uri ? [uri] : Array.Empty<string>();
        if (Redirects().Concat(posts).Concat(told).FirstOrDefault(address => !_policy.AllowsRedirect(address)) is { } refused)
            HostNotOffered = $"'{DocumentReader.Shorten(refused)}': offered are {string.Join(", ", _policy.RedirectHosts)}.";
    }

    /// <summary>Some clients send null and empty texts for what they have not.</summary>
    private bool TryAsked(string member, out JsonElement value) =>
        _asked.TryGetProperty(member, out value)
        && value.ValueKind != JsonValueKind.Null
        && !(value.ValueKind == JsonValueKind.String && value.ValueEquals(""));

    private string? Text(string member) => TryAsked(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static IEnumerable<string> TextsOf(JsonElement list) =>
        list.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : item.ValueKind.ToString());

    private static void WriteTexts(Utf8JsonWriter json, string member, IEnumerable<string> texts)
    {
        json.WriteStartArray(member);
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }
}
