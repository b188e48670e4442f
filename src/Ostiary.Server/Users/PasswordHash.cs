using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Ostiary.Protocol;

namespace Ostiary.Server.Users;

/// <summary>
/// Password hashes as PHC strings: argon2id where the system has libargon2, PBKDF2-HMAC-SHA256 elsewhere. Both kinds verify everywhere the library is present.
/// These functions take tens of milliseconds of a processor: requests go through <see cref="Passwords"/>.
/// </summary>
public static partial class PasswordHash
{
    /// <summary>UTF-8 bytes of the longest password.</summary>
    public const int MaxBytes = 1024;

    private const int MemoryKib = 19456;
    private const int Passes = 2;
    private const int Lanes = 1;
    private const int Iterations = 600_000;
    private const int SaltSize = 16;
    private const int HashSize = 32;

    private static readonly bool HasArgon2 = TryLoadArgon2();

    /// <summary>What new hashes are made with: <c>argon2id</c> or <c>pbkdf2-sha256</c>.</summary>
    public static string Algorithm => HasArgon2 ? "argon2id" : "pbkdf2-sha256";

    /// <summary>Whether a text can be a password here: 1 to 1024 bytes of UTF-8 without NUL.</summary>
    public static bool IsAcceptable(string password) =>
        password.Length is > 0 and <= MaxBytes
        && !password.Contains('\0', StringComparison.Ordinal)
        && Encoding.UTF8.GetByteCount(password) <= MaxBytes;

    public static string Create(string password)
    {
        if (!IsAcceptable(password))
            throw new ArgumentException("A password has 1 to 1024 bytes without NUL.", nameof(password));
        return HasArgon2 ? CreateArgon2(password) : CreatePbkdf2(password);
    }

    /// <summary>False also for a hash that cannot be read here.</summary>
    public static bool Verify(string phc, string password)
    {
        if (!IsAcceptable(password) || !Parsed.TryParse(phc, out var parsed))
            return false;
        var bytes = Encoding.UTF8.GetBytes(password);
        var actual = new byte[parsed.Hash.Length];
        try
        {
            return TryCompute(parsed, bytes, actual) && FixedTime.Equals(actual, parsed.Hash);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>Whether a hash is weaker than one that would be made now.</summary>
    public static bool NeedsRehash(string phc)
    {
        if (!Parsed.TryParse(phc, out var parsed))
            return true;
        if (parsed.IsArgon2)
            return parsed.Memory < MemoryKib || parsed.Passes < Passes || parsed.Hash.Length < HashSize;
        return HasArgon2 || parsed.Passes < Iterations;
    }

    internal static string CreateArgon2(string password)
    {
        var salt = Entropy.Bytes(SaltSize);
        var parsed = new Parsed(true, MemoryKib, Passes, Lanes, salt, new byte[HashSize]);
        if (!TryCompute(parsed, Encoding.UTF8.GetBytes(password), parsed.Hash))
            throw new CryptographicException("libargon2 refused to hash.");
        return $"$argon2id$v=19$m={MemoryKib},t={Passes},p={Lanes}${Parsed.Encode(salt)}${Parsed.Encode(parsed.Hash)}";
    }

    internal static string CreatePbkdf2(string password)
    {
        var salt = Entropy.Bytes(SaltSize);
        var hash = Rfc2898DeriveBytes.Pbkdf2(password, salt, Iterations, HashAlgorithmName.SHA256, HashSize);
        return $"$pbkdf2-sha256$i={Iterations}${Parsed.Encode(salt)}${Parsed.Encode(hash)}";
    }

    private static bool TryCompute(Parsed parsed, ReadOnlySpan<byte> password, Span<byte> hash)
    {
        if (parsed.IsArgon2)
            return HasArgon2 && TryArgon2(parsed, password, hash);
        Rfc2898DeriveBytes.Pbkdf2(password, parsed.Salt, hash, parsed.Passes, HashAlgorithmName.SHA256);
        return true;
    }

    private static bool TryLoadArgon2()
    {
        if (!NativeLibrary.TryLoad(Argon2Library, out _))
            return false;
        ReturnLargeBlocks();
        return true;
    }

    /// <summary>glibc learns from the first freed block of this size to keep such blocks: an idle server would hold the memory of its last hash.</summary>
    private static unsafe void ReturnLargeBlocks()
    {
        const int MmapThreshold = -3;
        if (NativeLibrary.TryLoad("libc.so.6", out var libc) && NativeLibrary.TryGetExport(libc, "mallopt", out var mallopt))
            _ = ((delegate* unmanaged<int, int, int>)mallopt)(MmapThreshold, 1 << 20);
    }

    private static unsafe bool TryArgon2(Parsed parsed, ReadOnlySpan<byte> password, Span<byte> hash)
    {
        fixed (byte* passwordBytes = password)
        fixed (byte* saltBytes = parsed.Salt)
        fixed (byte* hashBytes = hash)
        {
            var status = Argon2idHashRaw(
                (uint)parsed.Passes,
                (uint)parsed.Memory,
                (uint)parsed.Lanes,
                passwordBytes,
                (nuint)password.Length,
                saltBytes,
                (nuint)parsed.Salt.Length,
                hashBytes,
                (nuint)hash.Length
            );
            return status == 0;
        }
    }

    private const string Argon2Library = "libargon2.so.1";

    [LibraryImport(Argon2Library, EntryPoint = "argon2id_hash_raw")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial int Argon2idHashRaw(
        uint passes,
        uint memory,
        uint lanes,
        byte* password,
        nuint passwordLength,
        byte* salt,
        nuint saltLength,
        byte* hash,
        nuint hashLength
    );

    /// <summary>A PHC string of one of the two kinds, within bounds that no stored hash may exceed: hashes are imported, and a hash decides what checking it costs.</summary>
    private sealed record Parsed(bool IsArgon2, int Memory, int Passes, int Lanes, byte[] Salt, byte[] Hash)
    {
        public static bool TryParse(string phc, out Parsed parsed)
        {
            parsed = null!;
            var fields = phc.Split('$');
            parsed = fields switch
            {
                ["", "argon2id", "v=19", var costs, var salt, var hash] => Argon2(costs, salt, hash)!,
                ["", "pbkdf2-sha256", var iterations, var salt, var hash] => Pbkdf2(iterations, salt, hash)!,
                _ => null!,
            };
            return parsed is not null;
        }

        public static string Encode(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

        private static Parsed? Argon2(string costs, string salt, string hash)
        {
            if (costs.Split(',') is not [var m, var t, var p])
                return null;
            if (!TryCost(m, "m=", 8, 1 << 20, out var memory) || !TryCost(t, "t=", 1, 64, out var passes) || !TryCost(p, "p=", 1, 64, out var lanes))
                return null;
            return Decode(salt, 8) is { } s && Decode(hash, 16) is { } h ? new(true, memory, passes, lanes, s, h) : null;
        }

        private static Parsed? Pbkdf2(string iterations, string salt, string hash)
        {
            if (!TryCost(iterations, "i=", 1000, 10_000_000, out var count))
                return null;
            return Decode(salt, 8) is { } s && Decode(hash, 16) is { } h ? new(false, 0, count, 1, s, h) : null;
        }

        private static bool TryCost(string field, string name, int least, int most, out int cost)
        {
            cost = 0;
            return field.StartsWith(name, StringComparison.Ordinal)
                && int.TryParse(field.AsSpan(name.Length), NumberStyles.None, CultureInfo.InvariantCulture, out cost)
                && cost >= least
                && cost <= most;
        }

        private static byte[]? Decode(string text, int least)
        {
            var bytes = new byte[64];
            var padded = text.PadRight((text.Length + 3) / 4 * 4, '=');
            return Convert.TryFromBase64String(padded, bytes, out var written) && written >= least ? bytes[..written] : null;
        }
    }
}
