using System.Security.Cryptography;
using System.Text.Json;
using Ostiary.Protocol.Jose;

namespace Ostiary.Protocol;

public enum SenderKeyKind
{
    /// <summary>The thumbprint of a key that signs DPoP proofs. RFC 9449 §6.1</summary>
    Dpop = 1,

    /// <summary>The SHA-256 of the certificate of a TLS client.</summary>
    Certificate = 2,
}

/// <summary>The key that a grant or a token is bound to: who does not hold it cannot use them. The thumbprint is 43 characters of base64url.</summary>
public sealed record SenderKey(SenderKeyKind Kind, string Thumbprint)
{
    public static SenderKey Dpop(string thumbprint) => new(SenderKeyKind.Dpop, thumbprint);

    /// <summary>The key of a certificate in DER.</summary>
    public static SenderKey Certificate(ReadOnlySpan<byte> der) => new(SenderKeyKind.Certificate, Base64UrlText.Encode(SHA256.HashData(der)));

    /// <summary>Its name in <c>cnf</c>.</summary>
    public string Member => Kind == SenderKeyKind.Dpop ? "jkt" : "x5t#S256";

    /// <summary>How a token that is bound to it is presented. RFC 9449 §5</summary>
    public string TokenType => Kind == SenderKeyKind.Dpop ? "DPoP" : "Bearer";

    /// <summary>The base64url text of a SHA-256, in its one spelling.</summary>
    public static bool IsThumbprint(string text) => text.Length == 43 && Base64UrlText.TryDecode(text, out var hash) && hash.Length == 32;

    /// <summary>The member <c>cnf</c> of a token, or of what introspection says of it. RFC 9449 §6</summary>
    public void WriteTo(Utf8JsonWriter json)
    {
        ArgumentNullException.ThrowIfNull(json);
        json.WriteStartObject("cnf");
        json.WriteString(Member, Thumbprint);
        json.WriteEndObject();
    }

    /// <summary>Reads the member <c>cnf</c> of claims: false where there is one and it is not one known kind of key, for then nobody can hold it.</summary>
    public static bool TryRead(JsonElement claims, out SenderKey? key)
    {
        key = null;
        if (!claims.TryGetProperty("cnf", out var cnf))
            return true;
        if (cnf.ValueKind != JsonValueKind.Object)
            return false;
        var dpop = cnf.TryGetProperty("jkt", out var thumbprint);
        if (dpop == cnf.TryGetProperty("x5t#S256", out var hash))
            return false;
        var value = dpop ? thumbprint : hash;
        if (value.ValueKind != JsonValueKind.String || !IsThumbprint(value.GetString()!))
            return false;
        key = new(dpop ? SenderKeyKind.Dpop : SenderKeyKind.Certificate, value.GetString()!);
        return true;
    }
}
