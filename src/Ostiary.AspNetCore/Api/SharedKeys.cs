using System.Buffers.Text;
using System.Text;
using Ostiary.Protocol.Jose;

namespace Ostiary.AspNetCore.Api;

/// <summary>The secrets that an issuer shares with one API, as keys that fit HS256 and nothing else.</summary>
internal sealed class SharedKeys
{
    private readonly JsonWebKey[] _keys;
    private readonly JwsPolicy _policy;

    private SharedKeys(JsonWebKey[] keys, JwsPolicy policy) => (_keys, _policy, Set) = (keys, policy, new JsonWebKeySet(keys));

    /// <summary>What verified tokens are remembered under.</summary>
    public JsonWebKeySet Set { get; }

    /// <summary>Null where the issuer's public keys are to be used.</summary>
    public static SharedKeys? Of(IReadOnlyList<string> secrets, JwsPolicy policy) =>
        secrets.Count == 0 ? null : new SharedKeys([.. secrets.Select(KeyOf)], policy with { Algorithms = ["HS256"] }); // RFC 8725 §3.1

    public (VerifiedJws? Jws, JoseFault Fault) Verify(string token)
    {
        var fault = JoseFault.KeyNotFound;
        foreach (var key in _keys)
            if (Jws.TryVerify(token, key, _policy, out var jws, out fault) || fault != JoseFault.SignatureInvalid)
                return (jws, fault);
        return (null, fault);
    }

    private static JsonWebKey KeyOf(string secret)
    {
        var jwk = $$"""{"kty":"oct","alg":"HS256","use":"sig","k":"{{Base64Url.EncodeToString(Encoding.ASCII.GetBytes(secret))}}"}""";
        return JsonWebKey.TryParse((ReadOnlyMemory<byte>)Encoding.ASCII.GetBytes(jwk), out var key, out var fault)
            ? key
            : throw new ArgumentException("ApiOptions.SharedSecrets: " + fault.Sentence());
    }
}
