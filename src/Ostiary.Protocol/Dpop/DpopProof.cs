using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ostiary.Protocol.Jose;

namespace Ostiary.Protocol.Dpop;

/// <summary>
/// A DPoP proof as it was sent: read, not believed. <see cref="DpopRules"/> says whether it holds; its signature is checked when they ask for it, last and at
/// most once. RFC 9449 §4.2
/// </summary>
public sealed class DpopProof
{
    public const string Header = "DPoP";
    public const string NonceHeader = "DPoP-Nonce";
    public const string Type = "dpop+jwt";

    /// <summary>Asymmetric ones only. RFC 9449 §4.3</summary>
    public static readonly IReadOnlyList<string> Algorithms = ["ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA", "Ed25519"];
    private static readonly JwsPolicy Policy = new()
    {
        Algorithms = Algorithms,
        Types = [Type],
        MaxLength = 8 * 1024,
    };
    private static readonly ProofHeaders Known = new();
    private static readonly string[] SecretMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

    private readonly string _text = "";
    private readonly ProofHeader? _header;
    private readonly bool _isKnown;
    private bool? _signatureHolds;

    private DpopProof() { }

    private DpopProof(string text, ProofHeader header, bool isKnown, JwtClaims claims)
    {
        (_text, _header, _isKnown) = (text, header, isKnown);
        Id = claims.String("jti");
        Method = claims.String("htm");
        Target = claims.String("htu");
        Nonce = claims.String("nonce");
        TokenHash = claims.String("ath");
        (IssuedAt, ExpiresAt, NotBefore) = (Second(claims, "iat"), Date(claims, "exp"), Date(claims, "nbf"));
        HasClaims =
            Id is { Length: > 0 and <= 256 } && Method is not null && Target is not null && IssuedAt is not null && IsText(claims, "nonce", "ath");
    }

    /// <summary>The header occurs more than once.</summary>
    public bool Repeated { get; private init; }

    /// <summary>It is no JWT at all.</summary>
    public bool Malformed { get; private init; }
    public bool HasType => _header is { HasType: true };
    public bool HasAlgorithm => _header?.Algorithm is not null;

    /// <summary>The claims that every proof has are there, of their kinds.</summary>
    public bool HasClaims { get; }

    /// <summary>The thumbprint of the public key in its header; null where there is none that may be used.</summary>
    public SenderKey? Key => _header?.Sender;
    public string? Id { get; }
    public string? Method { get; }
    public string? Target { get; }
    public DateTimeOffset? IssuedAt { get; }
    public DateTimeOffset? ExpiresAt { get; }
    public DateTimeOffset? NotBefore { get; }
    public string? Nonce { get; }
    public string? TokenHash { get; }

    /// <summary>Under which it is used up: the same for the same proof, and of one length whatever was sent. RFC 9449 §11.1</summary>
    public string OnceKey => "dpop\n" + Base64UrlText.Encode(SHA256.HashData(Encoding.UTF8.GetBytes($"{Key!.Thumbprint}\n{Id}")));

    /// <summary>The proof in the values of the DPoP header; null where there are none.</summary>
    public static DpopProof? Read(IReadOnlyList<string?> headers)
    {
        ArgumentNullException.ThrowIfNull(headers);
        if (headers.Count == 0)
            return null;
        if (headers.Count > 1)
            return new() { Repeated = true };
        var text = headers[0]?.Trim(' ') ?? "";
        if (text.Length > Policy.MaxLength)
            return new() { Malformed = true };
        var known = Known.Find(HeaderOf(text));
        var header = known;
        if (!TryReadParts(text, ref header, out var payload) || !JwtClaims.TryParse(payload, out var claims, out _))
            return new() { Malformed = true };
        return new(text, header!, known is not null, claims);
    }

    /// <summary>base64url(SHA-256(ASCII(access token))). RFC 9449 §4.2</summary>
    public static string HashOf(string accessToken) => Base64UrlText.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken)));

    /// <summary>It is signed by the key in its own header.</summary>
    internal bool SignatureHolds() =>
        _signatureHolds ??= _header is { Key: { } key } && (_isKnown ? Jws.Holds(_text, _header.Algorithm!, key) : HoldsAnew(key));

    private bool HoldsAnew(JsonWebKey key)
    {
        if (!Jws.TryVerify(_text, key, Policy, out _, out _))
            return false;
        Known.Add(HeaderOf(_text), _header!);
        return true;
    }

    private static ReadOnlySpan<char> HeaderOf(string text) => text.AsSpan(0, Math.Max(0, text.IndexOf('.', StringComparison.Ordinal)));

    private static bool TryReadParts(string text, ref ProofHeader? header, out ReadOnlyMemory<byte> payload)
    {
        if (header is not null)
            return Jws.TryReadPayload(text, out payload);
        if (!Jws.TryReadUnverified(text, out var json, out payload))
            return false;
        JwsAlgorithm? algorithm = null;
        if (Text(json, "alg") is { } name && Algorithms.Contains(name, StringComparer.Ordinal))
            JwsAlgorithm.TryFind(name, out algorithm);
        header = new(Text(json, "typ") is { } type && Policy.Accepts(type), algorithm, ReadKey(json));
        return true;
    }

    /// <summary>A key that shows its private part has been given away. RFC 9449 §4.3</summary>
    private static JsonWebKey? ReadKey(JsonElement header)
    {
        if (!header.TryGetProperty("jwk", out var jwk) || jwk.ValueKind != JsonValueKind.Object)
            return null;
        if (Array.Exists(SecretMembers, name => jwk.TryGetProperty(name, out _)))
            return null;
        return JsonWebKey.TryParse(jwk, out var key, out _) && !key.HasPrivate ? key : null;
    }

    private static bool IsText(JwtClaims claims, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (claims.Has(name) && claims.String(name) is null)
                return false;
        }
        return true;
    }

    private static string? Text(JsonElement header, string name) =>
        header.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;

    /// <summary>A whole number: a fraction would be cut off, and then the time is another one than was signed.</summary>
    private static DateTimeOffset? Second(JwtClaims claims, string name) =>
        claims.Root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _)
            ? Date(claims, name)
            : null;

    private static DateTimeOffset? Date(JwtClaims claims, string name) => claims.TryNumericDate(name, out var date) ? date : null;
}
