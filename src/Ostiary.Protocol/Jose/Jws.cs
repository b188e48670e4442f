using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace Ostiary.Protocol.Jose;

/// <summary>Verification of signed tokens in compact serialization. No input makes it throw.</summary>
public static class Jws
{
    private const int Parts = 3;
    private const int MaxTriedKeys = 8;
    private const int MaxDisplayLength = 64 * 1024;

    /// <summary>Verifies with the key of the set that the token names, if that key fits the algorithm.</summary>
    public static bool TryVerify(
        ReadOnlySpan<char> compact,
        JsonWebKeySet keys,
        JwsPolicy policy,
        [NotNullWhen(true)] out VerifiedJws? jws,
        out JoseFault fault
    )
    {
        ArgumentNullException.ThrowIfNull(keys);
        jws = null;
        if (!TryRead(compact, policy, out var token, out fault))
            return false;
        fault = TryChoose(keys, token, policy, out var candidates);
        if (fault != JoseFault.None)
            return false;
        return TryVerify(compact, token, candidates, out jws, out fault);
    }

    /// <summary>Verifies with this key only. The caller chose it, so the <c>kid</c> of the token plays no part.</summary>
    public static bool TryVerify(
        ReadOnlySpan<char> compact,
        JsonWebKey key,
        JwsPolicy policy,
        [NotNullWhen(true)] out VerifiedJws? jws,
        out JoseFault fault
    )
    {
        ArgumentNullException.ThrowIfNull(key);
        jws = null;
        if (!TryRead(compact, policy, out var token, out fault))
            return false;
        fault = JoseFault.AlgorithmDoesNotFitKey;
        return token.Algorithm.Fits(key, "verify") && TryVerify(compact, token, [key], out jws, out fault);
    }

    /// <summary>Header and payload without any check of the signature: for display, or to look up whose key to verify with. Trust nothing in them.</summary>
    public static bool TryReadUnverified(ReadOnlySpan<char> compact, out JsonElement header, out ReadOnlyMemory<byte> payload)
    {
        header = default;
        payload = default;
        Span<Range> parts = stackalloc Range[Parts];
        if (compact.Length > MaxDisplayLength || !CompactForm.TrySplit(compact, parts))
            return false;
        if (!Base64UrlText.TryDecode(compact[parts[0]], out var headerBytes))
            return false;
        if (!Base64UrlText.TryDecode(compact[parts[1]], out var payloadBytes))
            return false;
        if (!Base64UrlText.TryDecode(compact[parts[2]], out _) || !StrictJson.TryParseObject(headerBytes, out var document))
            return false;
        header = document.RootElement;
        payload = payloadBytes;
        return true;
    }

    /// <summary>The payload alone, of a token whose header is known.</summary>
    internal static bool TryReadPayload(ReadOnlySpan<char> compact, out ReadOnlyMemory<byte> payload)
    {
        payload = default;
        Span<Range> parts = stackalloc Range[Parts];
        if (!CompactForm.TrySplit(compact, parts) || !Base64UrlText.TryDecode(compact[parts[1]], out var bytes))
            return false;
        payload = bytes;
        return Base64UrlText.TryDecode(compact[parts[2]], out _);
    }

    /// <summary>The signature alone, of a token whose very header was verified with this key before.</summary>
    internal static bool Holds(ReadOnlySpan<char> compact, JwsAlgorithm algorithm, JsonWebKey key)
    {
        var end = compact.LastIndexOf('.');
        return Base64UrlText.TryDecode(compact[(end + 1)..], out var signature) && Holds(compact[..end], algorithm, key, signature);
    }

    private static bool Holds(ReadOnlySpan<char> signed, JwsAlgorithm algorithm, JsonWebKey key, byte[] signature)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(signed.Length);
        var input = buffer.AsSpan(0, signed.Length);
        _ = Encoding.ASCII.GetBytes(signed, input);
        var holds = JwsVerification.Verify(algorithm, key, input, signature);
        ArrayPool<byte>.Shared.Return(buffer);
        return holds;
    }

    private static bool TryRead(ReadOnlySpan<char> compact, JwsPolicy policy, [NotNullWhen(true)] out ReadToken? token, out JoseFault fault)
    {
        ArgumentNullException.ThrowIfNull(policy);
        token = null;
        Span<Range> parts = stackalloc Range[Parts];
        if (!CompactForm.TryRead(compact, policy.MaxLength, parts, out var header, out fault)) // RFC 7515 §5.2
            return false;
        fault = JoseFault.AlgorithmNotAllowed;
        if (!policy.Algorithms.Contains(header.Algorithm, StringComparer.Ordinal) || !JwsAlgorithm.TryFind(header.Algorithm, out var algorithm)) // RFC 8725 §3.1
            return false;
        fault = JoseFault.TypMismatch;
        if (!policy.Accepts(header.Type)) // RFC 8725 §3.11
            return false;
        fault = JoseFault.NotCanonicalBase64;
        if (!Base64UrlText.TryDecode(compact[parts[1]], out var payload))
            return false;
        if (!Base64UrlText.TryDecode(compact[parts[2]], out var signature))
            return false;
        token = new ReadToken(header, algorithm, payload, signature, parts[1].End.Value);
        fault = JoseFault.None;
        return true;
    }

    private static JoseFault TryChoose(JsonWebKeySet keys, ReadToken token, JwsPolicy policy, out List<JsonWebKey> candidates)
    {
        candidates = [];
        if (keys.IsMixed) // RFC 8725 §3.2
            return JoseFault.MixedKeySet;
        var kid = token.Header.KeyId;
        var known = false;
        foreach (var key in keys.Keys)
        {
            if (kid is not null && key.Kid != kid)
                continue;
            known = true;
            if (token.Algorithm.Fits(key, "verify"))
                candidates.Add(key);
        }
        if (candidates.Count == 0)
            return known && kid is not null ? JoseFault.AlgorithmDoesNotFitKey : JoseFault.KeyNotFound;
        if (candidates.Count > 1 && !(kid is null && policy.AllowMissingKid))
            return kid is null ? JoseFault.KidMissing : JoseFault.KeyIdDuplicate;
        return candidates.Count > MaxTriedKeys ? JoseFault.KidMissing : JoseFault.None;
    }

    private static bool TryVerify(
        ReadOnlySpan<char> compact,
        ReadToken token,
        List<JsonWebKey> candidates,
        [NotNullWhen(true)] out VerifiedJws? jws,
        out JoseFault fault
    )
    {
        JsonWebKey? verifying = null;
        foreach (var key in candidates)
        {
            if (!Holds(compact[..token.SigningInputLength], token.Algorithm, key, token.Signature))
                continue;
            verifying = key;
            break;
        }
        fault = verifying is null ? JoseFault.SignatureInvalid : JoseFault.None;
        jws = verifying is null ? null : new VerifiedJws(token.Header, token.Payload, verifying);
        return jws is not null;
    }

    private sealed record ReadToken(JoseHeader Header, JwsAlgorithm Algorithm, byte[] Payload, byte[] Signature, int SigningInputLength);
}
