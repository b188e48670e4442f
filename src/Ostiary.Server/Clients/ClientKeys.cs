using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Outbound;

namespace Ostiary.Server.Clients;

/// <summary>What came of a signature: the verified text, or nothing, and whether the keys could be had at all.</summary>
internal readonly record struct KeyCheck(VerifiedJws? Jws, Reason? Unavailable);

/// <summary>Checks what a client signed with its private keys: against its registered key set, or the one at its <c>jwks_uri</c>. OIDC Core §10.1.1</summary>
internal sealed class ClientKeys(FetchCache<JsonWebKeySet> fetched)
{
    public async ValueTask<KeyCheck> VerifyAsync(string compact, Client client, JwsPolicy policy, CancellationToken ct)
    {
        if (client.Keys is { } keys)
            return new(Jws.TryVerify(compact, keys, policy, out var jws, out _) ? jws : null, null);
        if (client.JwksUri is not { } url)
            return default;
        var copy = await fetched.GetAsync(url, ct);
        if (copy.Value is null)
            return new(null, copy.Refused);
        if (Jws.TryVerify(compact, copy.Value, policy, out var verified, out var fault))
            return new(verified, null);
        if (fault != JoseFault.KeyNotFound)
            return default;
        // A key that is not in the copy may be new. The cache bounds how often anybody can have this asked.
        var newer = await fetched.GetNewerAsync(url, copy, ct);
        return new(newer.Value is { } set && Jws.TryVerify(compact, set, policy, out var late, out _) ? late : null, null);
    }

    /// <summary>The key of the client that has this thumbprint, whatever it is called; or why that cannot be known. RFC 8705 §2.2.2</summary>
    public async ValueTask<(JsonWebKey? Key, Reason? Unavailable)> FindAsync(string thumbprint, Client client, CancellationToken ct)
    {
        if (client.Keys is { } keys)
            return (Find(keys, thumbprint), null);
        if (client.JwksUri is not { } url)
            return default;
        var copy = await fetched.GetAsync(url, ct);
        if (copy.Value is null)
            return (null, copy.Refused);
        if (Find(copy.Value, thumbprint) is { } key)
            return (key, null);
        var newer = await fetched.GetNewerAsync(url, copy, ct);
        return (newer.Value is { } set ? Find(set, thumbprint) : null, null);
    }

    private static JsonWebKey? Find(JsonWebKeySet keys, string thumbprint) =>
        keys.Keys.FirstOrDefault(key => !key.IsSymmetric && key.Use is null or "sig" && key.Thumbprint() == thumbprint);
}
