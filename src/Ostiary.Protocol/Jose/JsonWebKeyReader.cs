using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;

namespace Ostiary.Protocol.Jose;

/// <summary>Reads one key. Unknown members are ignored, known members must have their type and a canonical value.</summary>
internal static class JsonWebKeyReader
{
    private const int MaxSecretLength = 1024;
    private const int MaxLabelLength = 512;

    private static readonly string[] SignatureOperations = ["sign", "verify"];
    private static readonly string[] EncryptionOperations = ["encrypt", "decrypt", "wrapKey", "unwrapKey", "deriveKey", "deriveBits"];
    private static readonly string[] RsaPrivateMembers = ["d", "p", "q", "dp", "dq", "qi"];

    public static bool TryRead(JsonElement element, [NotNullWhen(true)] out JsonWebKey? key, out JoseFault fault)
    {
        key = null;
        fault = JoseFault.KeyMalformed;
        if (element.ValueKind != JsonValueKind.Object || !TryString(element, "kty", out var kty) || kty is null) // RFC 7517 §4.1
            return false;
        if (!TryLabels(element, out var labels))
            return false;
        var read = kty switch
        {
            "EC" => TryEc(element, labels, out key, out fault),
            "RSA" => TryRsa(element, labels, out key, out fault),
            "oct" => TryOct(element, labels, out key, out fault),
            "OKP" => TryOkp(element, labels, out key, out fault),
            _ => Refuse(JoseFault.KeyTypeUnsupported, out fault),
        };
        if (!read || key is null)
            return false;
        fault = RefuseUses(key);
        if (fault == JoseFault.None)
            return true;
        key = null;
        return false;
    }

    private static bool TryEc(JsonElement element, KeyLabels labels, out JsonWebKey? key, out JoseFault fault)
    {
        key = null;
        if (!TryString(element, "crv", out var crv) || crv is null)
            return Refuse(JoseFault.KeyMalformed, out fault);
        if (!EcCurve.TryFind(crv, out var curve))
            return Refuse(JoseFault.KeyTypeUnsupported, out fault);
        if (!TryOctets(element, "x", out var x) || !TryOctets(element, "y", out var y) || !TryOctets(element, "d", out var d))
            return Refuse(JoseFault.KeyMalformed, out fault);
        if (x is null || y is null)
            return Refuse(JoseFault.KeyMalformed, out fault);
        if (!EcKey.TryCreate(curve, x, y, d, out var ec, out fault))
            return false;
        key = new JsonWebKey(labels, ec);
        return true;
    }

    private static bool TryRsa(JsonElement element, KeyLabels labels, out JsonWebKey? key, out JoseFault fault)
    {
        key = null;
        if (!TryUnsigned(element, "n", out var n) || !TryUnsigned(element, "e", out var e) || n is null || e is null) // RFC 7518 §6.3.1
            return Refuse(JoseFault.KeyMalformed, out fault);
        if (element.TryGetProperty("oth", out _)) // Keys of more than two primes: RFC 7518 §6.3.2.7
            return Refuse(JoseFault.KeyTypeUnsupported, out fault);
        var parameters = new RSAParameters { Modulus = n, Exponent = e };
        if (Array.Exists(RsaPrivateMembers, name => element.TryGetProperty(name, out _)))
        {
            var numbers = new byte[RsaPrivateMembers.Length][];
            for (var i = 0; i < numbers.Length; i++)
            {
                if (!TryUnsigned(element, RsaPrivateMembers[i], out var number) || number is null) // RFC 7518 §6.3.2
                    return Refuse(JoseFault.KeyMalformed, out fault);
                numbers[i] = number;
            }
            parameters.D = numbers[0];
            parameters.P = numbers[1];
            parameters.Q = numbers[2];
            parameters.DP = numbers[3];
            parameters.DQ = numbers[4];
            parameters.InverseQ = numbers[5];
        }
        if (!RsaKey.TryCreate(parameters, out var rsa, out fault))
            return false;
        key = new JsonWebKey(labels, rsa);
        return true;
    }

    private static bool TryOct(JsonElement element, KeyLabels labels, out JsonWebKey? key, out JoseFault fault)
    {
        key = null;
        if (!TryOctets(element, "k", out var secret) || secret is null) // RFC 7518 §6.4.1
            return Refuse(JoseFault.KeyMalformed, out fault);
        if (secret.Length == 0)
            return Refuse(JoseFault.KeyTooWeak, out fault);
        if (secret.Length > MaxSecretLength)
            return Refuse(JoseFault.KeyTooLarge, out fault);
        key = new JsonWebKey(labels, secret);
        fault = JoseFault.None;
        return true;
    }

    private static bool TryOkp(JsonElement element, KeyLabels labels, out JsonWebKey? key, out JoseFault fault)
    {
        key = null;
        if (!TryString(element, "crv", out var crv) || crv is null || !TryOctets(element, "x", out var x) || x is null) // RFC 8037 §2
            return Refuse(JoseFault.KeyMalformed, out fault);
        if (crv != "Ed25519")
            return Refuse(JoseFault.KeyTypeUnsupported, out fault);
        if (!TryOctets(element, "d", out var d) || d is { Length: not 32 })
            return Refuse(JoseFault.KeyMalformed, out fault);
        if (!Ed25519.IsPublicKey(x))
            return Refuse(JoseFault.KeyNotConsistent, out fault);
        // The private part is dropped: Ed25519 keys only verify here.
        key = new JsonWebKey(labels, crv, x);
        fault = JoseFault.None;
        return true;
    }

    private static bool TryLabels(JsonElement element, [NotNullWhen(true)] out KeyLabels? labels)
    {
        labels = null;
        if (!TryString(element, "kid", out var kid) || !TryString(element, "alg", out var alg) || !TryString(element, "use", out var use))
            return false;
        if (!TryOperations(element, out var operations))
            return false;
        labels = new KeyLabels(kid, alg, use, operations);
        return true;
    }

    private static bool TryOperations(JsonElement element, out List<string>? operations)
    {
        operations = null;
        if (!element.TryGetProperty("key_ops", out var array))
            return true;
        if (array.ValueKind != JsonValueKind.Array || array.GetArrayLength() is 0 or > 16)
            return false;
        operations = [];
        foreach (var item in array.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String || item.GetString() is not { } operation || operations.Contains(operation)) // RFC 7517 §4.3
                return false;
            operations.Add(operation);
        }
        return true;
    }

    private static JoseFault RefuseUses(JsonWebKey key)
    {
        if (key.Operations is { } operations && key.Use is "sig" or "enc")
        {
            // RFC 7517 §4.3: where both are stated they must tell the same.
            var others = key.Use == "sig" ? EncryptionOperations : SignatureOperations;
            if (key.Operations!.Any(others.Contains))
                return JoseFault.KeyUseContradictory;
        }
        if (key.Alg is null)
            return JoseFault.None;
        if (JwsAlgorithm.TryFind(key.Alg, out var algorithm))
            return RefuseSignatureUses(key, algorithm);
        if (!JweAlgorithm.IsKnown(key.Alg))
            return JoseFault.None;
        if (key.Use == "sig" || key.Operations?.Any(SignatureOperations.Contains) == true)
            return JoseFault.KeyUseContradictory;
        return JweAlgorithm.FitsKind(key.Alg, key) ? JoseFault.None : JoseFault.AlgorithmDoesNotFitKey;
    }

    private static JoseFault RefuseSignatureUses(JsonWebKey key, JwsAlgorithm algorithm)
    {
        if (key.Use == "enc" || key.Operations?.Any(EncryptionOperations.Contains) == true)
            return JoseFault.KeyUseContradictory;
        if (key.Kty != algorithm.Kty || (algorithm.Crv is not null && key.Crv != algorithm.Crv))
            return JoseFault.AlgorithmDoesNotFitKey;
        if (key.IsSymmetric && key.Secret.Length < algorithm.HashLength) // RFC 7518 §3.2
            return JoseFault.KeyTooWeak;
        return JoseFault.None;
    }

    private static bool TryString(JsonElement element, string name, out string? value)
    {
        value = null;
        if (!element.TryGetProperty(name, out var member))
            return true;
        if (member.ValueKind != JsonValueKind.String)
            return false;
        value = member.GetString();
        return value!.Length is > 0 and <= MaxLabelLength;
    }

    private static bool TryOctets(JsonElement element, string name, out byte[]? value)
    {
        value = null;
        if (!element.TryGetProperty(name, out var member))
            return true;
        return member.ValueKind == JsonValueKind.String && Base64UrlText.TryDecode(member.GetString(), out value);
    }

    // RFC 7518 §2: the shortest form, so never a leading zero octet.
    private static bool TryUnsigned(JsonElement element, string name, out byte[]? value) =>
        TryOctets(element, name, out value) && (value is null || (value.Length > 0 && value[0] != 0));

    private static bool Refuse(JoseFault reason, out JoseFault fault)
    {
        fault = reason;
        return false;
    }
}
