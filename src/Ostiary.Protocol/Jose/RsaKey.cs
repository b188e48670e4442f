using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json;

namespace Ostiary.Protocol.Jose;

/// <summary>An RSA modulus and exponent and, for a private key, the two primes with all numbers derived from them.</summary>
internal sealed class RsaKey
{
    private const int MinBits = 2048;
    private const int MaxBits = 8192;

    private static readonly int[] RocaPrimes = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];

    private RsaKey(RSAParameters parameters, RSA cipher)
    {
        Parameters = parameters;
        Cipher = cipher;
    }

    /// <summary>Modulus and exponent in their shortest form, the private numbers padded as the platform wants them.</summary>
    public RSAParameters Parameters { get; }

    /// <summary>Shared by all callers: signing, verifying and decrypting keep no state in it.</summary>
    public RSA Cipher { get; }

    public int ModulusLength => Parameters.Modulus!.Length;

    public static RsaKey Generate(int bits)
    {
        var cipher = RSA.Create(bits);
        return new RsaKey(cipher.ExportParameters(includePrivateParameters: true), cipher);
    }

    public static bool TryCreate(RSAParameters parameters, [NotNullWhen(true)] out RsaKey? key, out JoseFault fault)
    {
        key = null;
        fault = RefusePublic(parameters.Modulus, parameters.Exponent);
        if (fault == JoseFault.None && parameters.D is not null && !IsConsistent(parameters))
            fault = JoseFault.KeyNotConsistent;
        if (fault != JoseFault.None)
            return false;
        try
        {
            var padded = parameters.D is null ? parameters : Pad(parameters);
            key = new RsaKey(padded, RSA.Create(padded));
            return true;
        }
        catch (CryptographicException)
        {
            fault = JoseFault.KeyNotConsistent;
            return false;
        }
    }

    public RsaKey ToPublic()
    {
        if (Parameters.D is null)
            return this;
        var parameters = new RSAParameters { Modulus = Parameters.Modulus, Exponent = Parameters.Exponent };
        return new RsaKey(parameters, RSA.Create(parameters));
    }

    public void WritePrivateMembers(Utf8JsonWriter writer)
    {
        writer.WriteString("d"u8, Shortest(Parameters.D));
        writer.WriteString("p"u8, Shortest(Parameters.P));
        writer.WriteString("q"u8, Shortest(Parameters.Q));
        writer.WriteString("dp"u8, Shortest(Parameters.DP));
        writer.WriteString("dq"u8, Shortest(Parameters.DQ));
        writer.WriteString("qi"u8, Shortest(Parameters.InverseQ));
    }

    private static JoseFault RefusePublic(ReadOnlySpan<byte> modulus, ReadOnlySpan<byte> exponent)
    {
        var bits = modulus.Length * 8 - (modulus.IsEmpty ? 0 : BitOperations.LeadingZeroCount(modulus[0]) - 24);
        if (bits < MinBits) // RFC 7518 §3.3
            return JoseFault.KeyTooWeak;
        if (bits > MaxBits)
            return JoseFault.KeyTooLarge;
        if ((modulus[^1] & 1) == 0)
            return JoseFault.KeyMalformed;
        if (exponent.Length > 8)
            return JoseFault.KeyTooLarge;
        if (exponent.IsEmpty || (exponent[^1] & 1) == 0)
            return JoseFault.KeyMalformed;
        if (exponent is [1]) // Anyone can sign with it.
            return JoseFault.KeyTooWeak;
        return HasRocaFingerprint(new BigInteger(modulus, isUnsigned: true, isBigEndian: true)) ? JoseFault.KeyTooWeak : JoseFault.None;
    }

    // CVE-2017-15361: some smart cards made primes whose product is a power of 65537 modulo each of these. Such keys can be factored; a good
    // key looks like that once in a hundred million.
    private static bool HasRocaFingerprint(BigInteger modulus)
    {
        foreach (var prime in RocaPrimes)
        {
            var rest = (int)(modulus % prime);
            var power = 1;
            do power = (int)(power * 65537L % prime);
            while (power != 1 && power != rest);
            if (power != rest)
                return false;
        }
        return true;
    }

    private static bool IsConsistent(RSAParameters key)
    {
        if (key.P is null || key.Q is null || key.DP is null || key.DQ is null || key.InverseQ is null)
            return false;
        var half = (key.Modulus!.Length + 1) / 2;
        if (key.P.Length > half || key.Q.Length > half || key.D!.Length > key.Modulus.Length)
            return false;
        if (key.DP.Length > half || key.DQ.Length > half || key.InverseQ.Length > half)
            return false;
        var (p, q, d, e) = (Number(key.P), Number(key.Q), Number(key.D), Number(key.Exponent));
        if (p <= 1 || q <= 1 || p == q || p * q != Number(key.Modulus))
            return false;
        if (e * d % (p - 1) != 1 || e * d % (q - 1) != 1)
            return false;
        if (Number(key.DP) != d % (p - 1) || Number(key.DQ) != d % (q - 1))
            return false;
        var inverse = Number(key.InverseQ);
        return inverse < p && inverse * q % p == 1;
    }

    private static RSAParameters Pad(RSAParameters key)
    {
        var half = (key.Modulus!.Length + 1) / 2;
        return key with
        {
            D = Pad(key.D!, key.Modulus.Length),
            P = Pad(key.P!, half),
            Q = Pad(key.Q!, half),
            DP = Pad(key.DP!, half),
            DQ = Pad(key.DQ!, half),
            InverseQ = Pad(key.InverseQ!, half),
        };
    }

    private static byte[] Pad(byte[] value, int length)
    {
        var padded = new byte[length];
        value.CopyTo(padded, length - value.Length);
        return padded;
    }

    private static BigInteger Number(byte[]? value) => new(value, isUnsigned: true, isBigEndian: true);

    private static string Shortest(ReadOnlySpan<byte> value)
    {
        var start = Math.Max(0, value.IndexOfAnyExcept((byte)0));
        return Base64UrlText.Encode(value[start..]);
    }
}
