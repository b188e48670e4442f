using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Keys;

/// <summary>
/// The key of the data directory: 256 random bits in a file of their own (owner only), never in the store. Everything secret at rest is sealed under it,
/// and every derived credential (codes, refresh tokens, form tokens) is authenticated under a key derived from it for that one purpose.
/// </summary>
public sealed class MasterKey
{
    private const int Size = 32;
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private readonly byte[] _key;
    private readonly ConcurrentDictionary<string, byte[]> _sealing = new(StringComparer.Ordinal);

    private MasterKey(byte[] key) => _key = key;

    /// <summary>A key that lives as long as the process, for servers without a data directory.</summary>
    public static MasterKey Ephemeral() => new(Entropy.Bytes(Size));

    /// <summary>Opens or creates <c>master.key</c>. Throws <see cref="StoreException"/> where others can read it or it is damaged.</summary>
    public static MasterKey Open(string directory)
    {
        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, "master.key");
        if (!File.Exists(path))
            Create(path, Entropy.Bytes(Size));
        if ((File.GetUnixFileMode(path) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) != 0)
            throw new StoreException(Reason.KeyFileExposed, $"The key file {path} can be read by others than its owner; run: chmod 600 {path}");
        var key = File.ReadAllBytes(path);
        return key.Length == Size
            ? new(key)
            : throw new StoreException(Reason.KeyUnreadable, $"The key file {path} is damaged: it must hold {Size} bytes.");
    }

    /// <summary>Puts the key of another data directory into one that has none. Throws <see cref="StoreException"/>.</summary>
    public static void Import(string file, string directory)
    {
        try
        {
            var key = File.ReadAllBytes(file);
            if (key.Length != Size)
                throw new StoreException(Reason.KeyUnreadable, $"The file {file} is not a master key: it must hold {Size} bytes.");
            Directory.CreateDirectory(directory);
            Create(Path.Combine(directory, "master.key"), key);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(Reason.KeyUnreadable, $"The master key {file} cannot be copied: {fault.Message}", fault);
        }
    }

    /// <summary>Tells one master key from another and gives nothing of it away.</summary>
    public string Fingerprint => Protocol.Jose.Base64UrlText.Encode(Derive("fingerprint", 16));

    /// <summary>A key for one purpose: HKDF-SHA256 with the purpose as info. RFC 5869 §2</summary>
    public byte[] Derive(string purpose, int length = 32) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _key, length, salt: null, info: Encoding.ASCII.GetBytes("ostiary/1/" + purpose));

    /// <summary>Seals with AES-256-GCM for one purpose: nonce, ciphertext, tag.</summary>
    public byte[] Seal(string purpose, ReadOnlySpan<byte> plain)
    {
        var sealedBytes = new byte[NonceSize + plain.Length + TagSize];
        Entropy.Fill(sealedBytes.AsSpan(0, NonceSize));
        using var aes = new AesGcm(SealingKey(purpose), TagSize);
        aes.Encrypt(
            sealedBytes.AsSpan(0, NonceSize),
            plain,
            sealedBytes.AsSpan(NonceSize, plain.Length),
            sealedBytes.AsSpan(NonceSize + plain.Length)
        );
        return sealedBytes;
    }

    /// <summary>Opens what <see cref="Seal"/> made for the same purpose; null for anything else.</summary>
    public byte[]? Open(string purpose, ReadOnlySpan<byte> sealedBytes)
    {
        if (sealedBytes.Length < NonceSize + TagSize)
            return null;
        var plain = new byte[sealedBytes.Length - NonceSize - TagSize];
        using var aes = new AesGcm(SealingKey(purpose), TagSize);
        try
        {
            aes.Decrypt(sealedBytes[..NonceSize], sealedBytes.Slice(NonceSize, plain.Length), sealedBytes[^TagSize..], plain);
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private byte[] SealingKey(string purpose) => _sealing.GetOrAdd(purpose, static (purpose, master) => master.Derive("seal/" + purpose), this);

    private static void Create(string path, byte[] key)
    {
        var temporary = path + ".new";
        var options = new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using (var file = new FileStream(temporary, options))
        {
            file.Write(key);
            file.Flush(flushToDisk: true);
        }
        new StorageFiles().Rename(temporary, path);
    }
}
