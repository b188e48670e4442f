using System.Text.Json;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Outbound;

namespace Ostiary.Server.Registration;

/// <summary>A document as it was fetched: the address of a client is its id, and what stands there describes it.</summary>
internal sealed record MetadataDocument(JsonElement Json)
{
    private const int MaxId = 512;
    private static readonly string[] Secretless = ["none", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"];
    private static readonly string[] Secrets = ["client_secret", "client_secret_expires_at"];

    /// <summary>Whether a client_id can be the address of a document: https, with a path, without query, in its one spelling. No operator's id has a slash. CIMD §3</summary>
    public static bool IsId(string id, bool anyPort) =>
        id.StartsWith("https://", StringComparison.Ordinal)
        && id.Length <= MaxId
        && FetchUrl.TryParse(id, anyPort, out var url)
        && url.Uri.AbsolutePath.Length > 1
        && !id.Contains('?', StringComparison.Ordinal);

    public static MetadataDocument? Read(ReadOnlyMemory<byte> body)
    {
        if (!StrictJson.TryParseObject(body, out var json))
            return null;
        using (json)
            return new(json.RootElement.Clone());
    }

    /// <summary>The client, or the member that is wrong.</summary>
    public (Client? Client, string? Wrong) ClientOf(string id, RegistrationPolicy policy, bool onLoopback)
    {
        if (!Json.TryGetProperty("client_id", out var named) || named.ValueKind != JsonValueKind.String || named.GetString() != id) // CIMD §4.1
            return (null, "client_id");
        if (Array.Find(Secrets, member => Json.TryGetProperty(member, out _)) is { } secret)
            return (null, secret);
        var secretless = policy with { Methods = [.. policy.Methods.Where(Secretless.Contains)] }; // Nobody could keep a secret that stands there.
        var metadata = RegistrantMetadata.Of(Json, "document", secretless, onLoopback);
        if (metadata.NotOffered is not null)
            return (null, metadata.NotOffered.Split(' ', ':')[0]);
        if (metadata.HasSoftwareStatement)
            return (null, "software_statement");
        if (metadata.HostNotOffered is not null)
            return (null, "redirect_uris");
        return metadata.Document is { } document
            ? (document.Client with { Id = id, Consent = ConsentPolicy.Required }, null) // Whoever changes the document is asked about anew.
            : (null, metadata.Fault?.Path);
    }
}
