using System.Buffers;
using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ostiary.Protocol.Jose;

/// <summary>
/// Signs with one key and one algorithm; safe for many callers at once. The header has a fixed member order and is encoded once per type.
/// Besides the token itself a signature allocates nothing of note.
/// </summary>
public sealed class JwsSigner : IDisposable
{
    private const int MaxCachedTypes = 32;
    private const int StackLimit = 2048;

    // The default encoder would write the plus sign of "at+jwt" as an escape.
    private static readonly JsonWriterOptions HeaderOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ConcurrentDictionary<string, byte[]> headers = new(StringComparer.Ordinal);
    private readonly JwsAlgorithm algorithm;
    private readonly int signatureLength;
    private readonly bool embedsKey;

    private JwsSigner(JsonWebKey key, JwsAlgorithm algorithm, bool embedsKey)
    {
        Key = key;
        this.algorithm = algorithm;
        this.embedsKey = embedsKey;
        signatureLength = algorithm.SignatureLength == 0 ? key.Rsa!.ModulusLength : algorithm.SignatureLength;
    }

    public JsonWebKey Key { get; }

    public string Algorithm => algorithm.Name;

    public static JwsSigner Create(JsonWebKey privateKey, string alg) => Create(privateKey, alg, embedsKey: false);

    /// <summary>The header carries the public key instead of its identifier, as a DPoP proof does. RFC 9449 §4.2.</summary>
    public static JwsSigner CreateWithEmbeddedKey(JsonWebKey privateKey, string alg)
    {
        ArgumentNullException.ThrowIfNull(privateKey);
        if (privateKey.IsSymmetric)
            throw new ArgumentException("A symmetric key cannot be shown in a header.", nameof(privateKey));
        return Create(privateKey, alg, embedsKey: true);
    }

    /// <summary>The compact serialization. An empty <paramref name="typ"/> leaves the member out.</summary>
    public string Sign(string typ, ReadOnlySpan<byte> payload)
    {
        ArgumentNullException.ThrowIfNull(typ);
        var header = HeaderFor(typ);
        var inputLength = header.Length + Base64Url.GetEncodedLength(payload.Length);
        var total = inputLength + 1 + Base64Url.GetEncodedLength(signatureLength);
        var rented = total > StackLimit ? ArrayPool<byte>.Shared.Rent(total) : null;
        Span<byte> buffer = rented ?? stackalloc byte[StackLimit];
        try
        {
            buffer = buffer[..total];
            header.CopyTo(buffer);
            Base64Url.EncodeToUtf8(payload, buffer[header.Length..inputLength]);
            Span<byte> signature = stackalloc byte[signatureLength];
            SignInput(buffer[..inputLength], signature);
            buffer[inputLength] = (byte)'.';
            Base64Url.EncodeToUtf8(signature, buffer[(inputLength + 1)..]);
            return Encoding.ASCII.GetString(buffer); // RFC 7515 §7.1
        }
        finally
        {
            if (rented is not null)
                ArrayPool<byte>.Shared.Return(rented, clearArray: true);
        }
    }

    public void Dispose() => headers.Clear();

    private static JwsSigner Create(JsonWebKey privateKey, string alg, bool embedsKey)
    {
        ArgumentNullException.ThrowIfNull(privateKey);
        if (!JwsAlgorithm.TryFind(alg, out var algorithm) || !algorithm.CanSign)
            throw new ArgumentException("The algorithm is not supported.", nameof(alg));
        if (!privateKey.HasPrivate || !algorithm.Fits(privateKey, "sign"))
            throw new ArgumentException("The key does not fit the algorithm.", nameof(privateKey));
        return new JwsSigner(privateKey, algorithm, embedsKey);
    }

    private void SignInput(ReadOnlySpan<byte> input, Span<byte> signature)
    {
        if (algorithm.Kty == "oct")
        {
            CryptographicOperations.HmacData(algorithm.Hash, Key.Secret, input, signature);
            return;
        }
        Span<byte> hash = stackalloc byte[64];
        hash = hash[..algorithm.HashLength];
        JwsVerification.Hash(algorithm, input, hash);
        int written;
        var signed =
            algorithm.Kty == "EC"
                ? Key.Ec!.Signature.TrySignHash(hash, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation, out written)
                : Key.Rsa!.Cipher.TrySignHash(hash, signature, algorithm.Hash, algorithm.Padding!, out written);
        if (!signed || written != signature.Length)
            throw new CryptographicException("The signature has another length than its algorithm says.");
    }

    private byte[] HeaderFor(string typ)
    {
        if (headers.TryGetValue(typ, out var header))
            return header;
        header = EncodeHeader(typ);
        if (headers.Count < MaxCachedTypes)
            headers.TryAdd(typ, header);
        return header;
    }

    private byte[] EncodeHeader(string typ)
    {
        var json = new ArrayBufferWriter<byte>(128);
        using (var writer = new Utf8JsonWriter(json, HeaderOptions))
        {
            writer.WriteStartObject();
            writer.WriteString("alg"u8, algorithm.Name);
            if (typ.Length > 0)
                writer.WriteString("typ"u8, typ);
            if (embedsKey)
            {
                writer.WritePropertyName("jwk"u8);
                Key.WritePublicNumbersTo(writer);
            }
            else if (Key.Kid is not null)
            {
                writer.WriteString("kid"u8, Key.Kid);
            }
            writer.WriteEndObject();
        }
        var encoded = new byte[Base64Url.GetEncodedLength(json.WrittenCount) + 1];
        Base64Url.EncodeToUtf8(json.WrittenSpan, encoded);
        encoded[^1] = (byte)'.';
        return encoded;
    }
}
