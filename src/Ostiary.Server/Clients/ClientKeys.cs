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

    /// <summary>Whether a key is one of the client's, whatever it is called; and why that cannot be known. RFC 8705 §2.2.2</summary>
    public async ValueTask<(bool Known, Reason? Unavailable)> HasAsync(string thumbprint, Client client, CancellationToken ct)
    {
        if (client.Keys is { } keys)
            return (Has(keys, thumbprint), null);
        if (client.JwksUri is not { } url)
            return default;
        var copy = await fetched.GetAsync(url, ct);
        if (copy.Value is null)
            return (false, copy.Refused);
        if (Has(copy.Value, thumbprint))
            return (true, null);
        var newer = await fetched.GetNewerAsync(url, copy, ct);
        return (newer.Value is { } set && Has(set, thumbprint), null);
    }

    private static bool Has(JsonWebKeySet keys, string thumbprint) =>
        keys.Keys.Any(key => !key.IsSymmetric && key.Use is null or "sig" && key.Thumbprint() == thumbprint);
}
