using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Ostiary.Protocol.Jose;

/// <summary>
/// A key that was checked when it was made: the numbers belong together, lie on their curve and are strong enough, and the stated uses do not
/// contradict each other. Kinds: EC (P-256, P-384, P-521), RSA (2048 to 8192 bits), oct, OKP (Ed25519, public only). Immutable, safe to share.
/// </summary>
public sealed class JsonWebKey
{
    internal JsonWebKey(KeyLabels labels, EcKey key)
        : this(labels, "EC", key.Crv, key.D is not null) => Ec = key;

    internal JsonWebKey(KeyLabels labels, RsaKey key)
        : this(labels, "RSA", null, key.Parameters.D is not null) => Rsa = key;

    internal JsonWebKey(KeyLabels labels, byte[] secret)
        : this(labels, "oct", null, true) => Octets = secret;

    internal JsonWebKey(KeyLabels labels, string crv, byte[] point)
        : this(labels, "OKP", crv, false) => Octets = point;

    private JsonWebKey(KeyLabels labels, string kty, string? crv, bool hasPrivate)
    {
        Kty = kty;
        Crv = crv;
        Kid = labels.Kid;
        Alg = labels.Alg;
        Use = labels.Use;
        Operations = labels.Operations;
        HasPrivate = hasPrivate;
        Octets = [];
    }

    public string Kty { get; }
    public string? Crv { get; }
    public string? Kid { get; }
    public string? Alg { get; }
    public string? Use { get; }
    public IReadOnlyList<string>? Operations { get; }

    /// <summary>The key can sign or decrypt. Symmetric keys always can.</summary>
    public bool HasPrivate { get; }

    public bool IsSymmetric => Kty == "oct";

    internal EcKey? Ec { get; }
    internal RsaKey? Rsa { get; }
    private byte[] Octets { get; }
    internal ReadOnlySpan<byte> Secret => IsSymmetric ? Octets : default;
    internal ReadOnlySpan<byte> EdPoint => Kty == "OKP" ? Octets : default;

    public static bool TryParse(JsonElement element, [NotNullWhen(true)] out JsonWebKey? key, out JoseFault fault)
    {
        try
        {
            return JsonWebKeyReader.TryRead(element, out key, out fault);
        }
        catch (InvalidOperationException)
        {
            // A text with half of a surrogate pair, from a document that was not parsed by StrictJson.
            key = null;
            fault = JoseFault.KeyMalformed;
            return false;
        }
    }

    /// <summary>A key from its JSON text; the text is held to <see cref="StrictJson"/>.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> utf8, [NotNullWhen(true)] out JsonWebKey? key, out JoseFault fault)
    {
        key = null;
        fault = JoseFault.KeyMalformed;
        if (!StrictJson.TryParseObject(utf8, out var document))
            return false;
        using (document)
            return TryParse(document.RootElement, out key, out fault);
    }

    /// <summary>A new key for one algorithm: for signing, or with <paramref name="use"/> "enc" for decryption. RSA keys have 2048 bits.</summary>
    public static JsonWebKey Generate(string alg, string kid, string use = "sig")
    {
        var labels = new KeyLabels(kid, alg, use, null);
        if (use == "sig" && JwsAlgorithm.TryFind(alg, out var signature) && signature.CanSign)
            return Generate(labels, signature.Kty, signature.Crv, signature.HashLength);
        if (use == "enc" && JweAlgorithm.TryFind(alg, out var management) && management.Kind != KeyManagement.Direct)
            return Generate(labels, management.Kty, "P-256", management.WrapKeyLength);
        if (use == "enc" && JweEncryption.TryFind(alg, out var encryption))
            return Generate(labels, "oct", null, encryption.KeyLength);
        throw new ArgumentException("No key can be generated for this algorithm and use.", nameof(alg));
    }

    private static JsonWebKey Generate(KeyLabels labels, string kty, string? crv, int secretLength) =>
        kty switch
        {
            "EC" => new JsonWebKey(labels, EcKey.Generate(crv!)),
            "RSA" => new JsonWebKey(labels, RsaKey.Generate(2048)),
            _ => new JsonWebKey(labels, Entropy.Bytes(secretLength)),
        };

    /// <summary>The same key without its private part. A symmetric key has no public part: asking for it is a mistake of the caller.</summary>
    public JsonWebKey ToPublic()
    {
        var labels = new KeyLabels(Kid, Alg, Use, PublicOperations());
        return Kty switch
        {
            "EC" => new JsonWebKey(labels, Ec!.ToPublic()),
            "RSA" => new JsonWebKey(labels, Rsa!.ToPublic()),
            "OKP" => this,
            _ => throw new InvalidOperationException("A symmetric key has no public part."),
        };
    }

    public JsonWebKey WithKid(string kid)
    {
        var labels = new KeyLabels(kid, Alg, Use, Operations);
        return Kty switch
        {
            "EC" => new JsonWebKey(labels, Ec!),
            "RSA" => new JsonWebKey(labels, Rsa!),
            "OKP" => new JsonWebKey(labels, Crv!, Octets),
            _ => new JsonWebKey(labels, Octets),
        };
    }

    /// <summary>The SHA-256 thumbprint of the public part, as base64url.</summary>
    public string Thumbprint()
    {
        // RFC 7638 §3.2: the required members only, in lexicographic order, without white space.
        var text = Kty switch
        {
            "EC" => $$"""{"crv":"{{Crv}}","kty":"EC","x":"{{Text(Ec!.X)}}","y":"{{Text(Ec.Y)}}"}""",
            "RSA" => $$"""{"e":"{{Text(Rsa!.Parameters.Exponent)}}","kty":"RSA","n":"{{Text(Rsa.Parameters.Modulus)}}"}""",
            "OKP" => $$"""{"crv":"{{Crv}}","kty":"OKP","x":"{{Text(Octets)}}"}""", // RFC 8037 §2
            _ => $$"""{"k":"{{Text(Octets)}}","kty":"oct"}""",
        };
        return Text(SHA256.HashData(Encoding.ASCII.GetBytes(text)));
    }

    public void WritePublicTo(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (IsSymmetric)
            throw new InvalidOperationException("A symmetric key has no public part.");
        writer.WriteStartObject();
        WriteLabels(writer, PublicOperations());
        WritePublicMembers(writer);
        writer.WriteEndObject();
    }

    /// <summary>Kind and public numbers without identifier and uses: what a header shows of a key.</summary>
    internal void WritePublicNumbersTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("kty"u8, Kty);
        WritePublicMembers(writer);
        writer.WriteEndObject();
    }

    public void WritePrivateTo(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (!HasPrivate)
            throw new InvalidOperationException("The key has no private part.");
        writer.WriteStartObject();
        WriteLabels(writer, Operations);
        if (IsSymmetric)
            writer.WriteString("k"u8, Text(Octets));
        else
            WritePublicMembers(writer);
        if (Ec is not null)
            writer.WriteString("d"u8, Text(Ec.D));
        Rsa?.WritePrivateMembers(writer);
        writer.WriteEndObject();
    }

    public byte[] ToPublicUtf8() => ToUtf8(WritePublicTo);

    public byte[] ToPrivateUtf8() => ToUtf8(WritePrivateTo);

    private static byte[] ToUtf8(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer))
            write(writer);
        return buffer.WrittenSpan.ToArray();
    }

    private void WriteLabels(Utf8JsonWriter writer, IReadOnlyList<string>? operations)
    {
        writer.WriteString("kty"u8, Kty);
        if (Use is not null)
            writer.WriteString("use"u8, Use);
        if (Alg is not null)
            writer.WriteString("alg"u8, Alg);
        if (Kid is not null)
            writer.WriteString("kid"u8, Kid);
        if (operations is null)
            return;
        writer.WriteStartArray("key_ops"u8);
        foreach (var operation in operations)
            writer.WriteStringValue(operation);
        writer.WriteEndArray();
    }

    private void WritePublicMembers(Utf8JsonWriter writer)
    {
        if (Crv is not null)
            writer.WriteString("crv"u8, Crv);
        if (Ec is not null)
        {
            writer.WriteString("x"u8, Text(Ec.X));
            writer.WriteString("y"u8, Text(Ec.Y));
        }
        else if (Rsa is not null)
        {
            writer.WriteString("n"u8, Text(Rsa.Parameters.Modulus));
            writer.WriteString("e"u8, Text(Rsa.Parameters.Exponent));
        }
        else
        {
            writer.WriteString("x"u8, Text(Octets));
        }
    }

    private List<string>? PublicOperations()
    {
        if (Operations is null)
            return null;
        if (!HasPrivate)
            return [.. Operations];
        var result = new List<string>();
        foreach (var operation in Operations)
        {
            var counterpart = operation switch
            {
                "sign" => "verify",
                "decrypt" => "encrypt",
                "unwrapKey" => "wrapKey",
                "verify" or "encrypt" or "wrapKey" => operation,
                _ => null,
            };
            if (counterpart is not null && !result.Contains(counterpart))
                result.Add(counterpart);
        }
        return result.Count == 0 ? null : result;
    }

    private static string Text(ReadOnlySpan<byte> value) => Base64UrlText.Encode(value);
}

/// <summary>What a key says about itself besides its numbers.</summary>
internal sealed record KeyLabels(string? Kid, string? Alg, string? Use, IReadOnlyList<string>? Operations);
