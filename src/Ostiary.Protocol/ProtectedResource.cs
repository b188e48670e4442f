using System.Text.Json;
using Ostiary.Protocol.Dpop;

namespace Ostiary.Protocol;

/// <summary>What an API says of itself, so that a client that knows only its address finds whom to ask for a token. RFC 9728 §2</summary>
public sealed record ProtectedResource
{
    public const string WellKnown = "/.well-known/oauth-protected-resource";

    /// <summary>The identifier, as clients must name it in <c>resource</c>.</summary>
    public required string Identifier { get; init; }

    /// <summary>The issuer of its tokens.</summary>
    public required string AuthorizationServer { get; init; }
    public string? Name { get; init; }
    public ScopeSet Scopes { get; init; } = ScopeSet.None;

    /// <summary>Whether it takes tokens that are bound by DPoP and no others.</summary>
    public bool RequiresDpop { get; init; }

    /// <summary>Whether it takes tokens that are bound to a certificate, and, where DPoP is not required beside it, no others.</summary>
    public bool RequiresCertificate { get; init; }

    /// <summary>Where the metadata of a resource are: the well-known part stands before its path. Null: its identifier is no address. RFC 9728 §3.1</summary>
    public static string? AddressOf(string identifier)
    {
        if (!TrySplit(identifier, out var origin, out var path))
            return null;
        return origin + WellKnown + (path == "/" ? "" : path);
    }

    /// <summary>Splits an address into its origin and the path after it, as both are written.</summary>
    public static bool TrySplit(string identifier, out string origin, out string path)
    {
        (origin, path) = ("", "");
        if (
            identifier.Contains('?', StringComparison.Ordinal)
            || identifier.Contains('#', StringComparison.Ordinal)
            || !Uri.TryCreate(identifier, UriKind.Absolute, out var uri)
            || uri.Scheme is not ("https" or "http")
            || uri.UserInfo.Length > 0
        )
            return false;
        var host = identifier.IndexOf("://", StringComparison.Ordinal) + 3;
        var slash = identifier.IndexOf('/', host);
        (origin, path) = slash < 0 ? (identifier, "") : (identifier[..slash], identifier[slash..]);
        return host > 2;
    }

    /// <summary>The document. What is not known is left out: some clients fail at null. RFC 9728 §3.2</summary>
    public byte[] ToJson()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("resource", Identifier);
            Write(json, "authorization_servers", [AuthorizationServer]);
            if (!Scopes.IsEmpty)
                Write(json, "scopes_supported", Scopes.Tokens);
            Write(json, "bearer_methods_supported", ["header"]); // RFC 9700 §4.3.2
            if (Name is not null)
                json.WriteString("resource_name", Name);
            if (RequiresCertificate)
                json.WriteBoolean("tls_client_certificate_bound_access_tokens", true); // RFC 9728 §2
            if (RequiresDpop && !RequiresCertificate)
                json.WriteBoolean("dpop_bound_access_tokens_required", true);
            Write(json, "dpop_signing_alg_values_supported", DpopProof.Algorithms);
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }

    private static void Write(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
