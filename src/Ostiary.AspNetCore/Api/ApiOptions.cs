using Ostiary.AspNetCore.Issuers;
using Ostiary.AspNetCore.Observation;
using Ostiary.Protocol.Dpop;

namespace Ostiary.AspNetCore.Api;

/// <summary>How an API checks the access tokens it is called with. <see cref="Issuer"/> and <see cref="Audience"/> have no default.</summary>
public sealed class ApiOptions
{
    /// <summary>The issuer identifier, exactly as the issuer writes it. Tokens of any other issuer are refused.</summary>
    public string Issuer { get; set; } = "";

    /// <summary>The identifier of this API: the value that <c>aud</c> must contain.</summary>
    public string Audience { get; set; } = "";

    /// <summary>The protection space named in challenges. Null: <see cref="Audience"/>.</summary>
    public string? Realm { get; set; }

    /// <summary>The signature algorithms that are taken. Default: ES256, ES384, RS256, PS256. For HS256 set <see cref="SharedSecrets"/> instead.</summary>
    public IReadOnlyList<string> Algorithms { get; set; } = ["ES256", "ES384", "RS256", "PS256"];

    /// <summary>
    /// The secrets that the issuer shares with this API alone, for tokens signed by HS256: one, or two while it is rotated. Where there is one, nothing but
    /// HS256 is taken and the issuer's public keys play no part; where there is none (the default), HS256 is never taken.
    /// </summary>
    public IReadOnlyList<string> SharedSecrets { get; set; } = [];

    /// <summary>This API's credentials at the introspection endpoint. Null (the default): tokens that are no JWTs are refused.</summary>
    public IntrospectionCredentials? Introspection { get; set; }

    /// <summary>Whether the issuer is asked about JWTs too, after all other checks, so that a revoked one is refused at once. Needs <see cref="Introspection"/>. Default: false.</summary>
    public bool CheckRevocation { get; set; }

    /// <summary>How long the issuer's word that a token is active is believed; never beyond the token's end. Default: zero, it is asked each time.</summary>
    public TimeSpan IntrospectionCache { get; set; } = TimeSpan.Zero;

    /// <summary>How many verified tokens are remembered, so that their signature is checked once. Default: 4096.</summary>
    public int VerifiedTokens { get; set; } = 4096;

    /// <summary>
    /// The address under which clients reach this API, up to where the path of its endpoints begins: what DPoP proofs name. Null: the origin of
    /// <see cref="Audience"/>, where that is an address. The Host header is never asked.
    /// </summary>
    public string? Address { get; set; }

    /// <summary>Take only tokens that are bound to a key by DPoP. Bound tokens are taken from their holder alone either way. Default: false.</summary>
    public bool RequireDpop { get; set; }

    /// <summary>
    /// Take only tokens that are bound to the certificate of their client; with <see cref="RequireDpop"/> either will do. Bound tokens are taken over a connection of
    /// their certificate alone either way. Kestrel must ask for certificates: <c>ClientCertificateMode.AllowCertificate</c>. Default: false.
    /// </summary>
    public bool RequireCertificate { get; set; }

    /// <summary>
    /// Addresses or networks of proxies that end TLS, ask for certificates and pass them on in <c>Client-Cert</c> (RFC 9440), overwriting what came in it. Requests from
    /// there have the certificate that the header says, or none; from elsewhere the header is not looked at. Default: none.
    /// </summary>
    public IReadOnlyList<string> CertificateProxies { get; set; } = [];

    /// <summary>32 random bytes, the same on all nodes of this API: DPoP proofs then need a nonce of it. Null (the default): none is demanded.</summary>
    public byte[]? DpopNonceKey { get; set; }

    /// <summary>
    /// Says for the name of a proof whether it is used for the first time, and remembers it until then: for an API with several nodes. Null (the default): each node
    /// remembers for itself.
    /// </summary>
    public Func<string, DateTimeOffset, CancellationToken, ValueTask<bool>>? TryUseProof { get; set; }

    /// <summary>What this API is called, for people: <c>resource_name</c> of its metadata.</summary>
    public string? Name { get; set; }

    /// <summary>
    /// Where the metadata of this API are (RFC 9728), which each challenge names. Null (the default): where <see cref="Audience"/> says, as long as
    /// <see cref="OstiaryApi.UseOstiaryApi"/> serves them there. An API whose issuer hosts them names that address; an empty text names none.
    /// </summary>
    public string? MetadataAddress { get; set; }

    /// <summary>The address below which there is a page per error code (<c>error_uri</c> is this and the code). Null: answers carry no <c>error_uri</c>.</summary>
    public string? ErrorPages { get; set; }

    /// <summary>How the issuer is reached.</summary>
    public BackchannelOptions Backchannel { get; } = new();

    /// <summary>Told of each check after it was decided. It sees masked values only. Exceptions from it are the app's own.</summary>
    public Action<ApiCheck>? OnChecked { get; set; }

    /// <summary>How secrets are shown to <see cref="OnChecked"/>. Default: <see cref="SecretTag.Of"/>.</summary>
    public Func<string, string> Tag { get; set; } = SecretTag.Of;

    internal string Target(string path) =>
        (Address ?? (Uri.TryCreate(Audience, UriKind.Absolute, out var uri) ? uri.GetLeftPart(UriPartial.Authority) : "")) + path;

    internal void Validate()
    {
        if (DpopNonceKey is { Length: < 32 })
            throw new ArgumentException("ApiOptions.DpopNonceKey must hold 32 random bytes.");
        if (
            Address is { } address
            && (HttpTarget.Normalize(address) is null || address.EndsWith('/') || address.Contains('?', StringComparison.Ordinal))
        )
            throw new ArgumentException("ApiOptions.Address must be an http or https address without query and without a slash at its end.");
        if (CertificateProxies.FirstOrDefault(proxy => ClientCertificate.NetworkOf(proxy) is null) is not null)
            throw new ArgumentException("ApiOptions.CertificateProxies holds addresses and networks, for example 10.0.0.5 and 10.0.0.0/24.");
        if (!IsAddress(Issuer) || Issuer.Contains('?', StringComparison.Ordinal))
            throw new ArgumentException("ApiOptions.Issuer must be an https URL (http on loopback only) without query and fragment.");
        if (Audience.Length == 0)
            throw new ArgumentException("ApiOptions.Audience must name this API.");
        if (MetadataAddress is { Length: > 0 } metadata && HttpTarget.Normalize(metadata) is null)
            throw new ArgumentException("ApiOptions.MetadataAddress must be an http or https address.");
        if (CheckRevocation && Introspection is null)
            throw new ArgumentException("ApiOptions.CheckRevocation needs ApiOptions.Introspection.");
        if (Algorithms.Count == 0 || Algorithms.Any(name => name is "none" || name.StartsWith("HS", StringComparison.OrdinalIgnoreCase)))
            throw new ArgumentException("ApiOptions.Algorithms must name asymmetric signature algorithms; for HS256 set ApiOptions.SharedSecrets.");
        if (SharedSecrets.Count > 2 || SharedSecrets.Any(secret => secret.Length < 32 || secret.Any(c => c is <= ' ' or > '~'))) // RFC 7518 §3.2
            throw new ArgumentException("ApiOptions.SharedSecrets holds at most two secrets of at least 32 printable characters.");
        if ((Realm ?? Audience).Any(c => c is < ' ' or > '~' or '"' or '\\'))
            throw new ArgumentException("ApiOptions.Realm must be printable ASCII without quotation marks and backslashes.");
    }

    private static bool IsAddress(string address) => Issuers.Backchannel.MayAsk(address, out _);
}

/// <summary>Client id and secret of an API, for the introspection endpoint (client_secret_basic).</summary>
public sealed record IntrospectionCredentials(string ClientId, string Secret)
{
    public override string ToString() => ClientId;
}
