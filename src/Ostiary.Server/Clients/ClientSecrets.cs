using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Keys;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Clients;

/// <summary>Compares client secrets, and opens the sealed ones for HMAC.</summary>
public sealed class ClientSecrets(MasterKey master)
{
    public const string SealPurpose = "client-secret";

    /// <summary>Bytes. A longer one is refused before it is hashed.</summary>
    public const int MaxLength = 512;

    /// <summary>The SHA-256 of a secret as kept in the configuration.</summary>
    public static string Hash(string secret) => Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    /// <summary>The registered secret that equals the presented one, expired or not; null: none. Always hashes, so an unknown client takes the same time.</summary>
    public static ClientSecret? Find(Client? client, string presented)
    {
        if (presented.Length > MaxLength)
            return null;
        Span<byte> text = stackalloc byte[MaxLength * 3];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..Encoding.UTF8.GetBytes(presented, text)], hash);
        Span<byte> registered = stackalloc byte[SHA256.HashSizeInBytes];
        ClientSecret? found = null;
        foreach (var secret in client?.Secrets ?? [])
        {
            if (Base64Url.TryDecodeFromChars(secret.Sha256, registered, out var length) && FixedTime.Equals(hash, registered[..length]))
                found = secret;
        }
        return found;
    }

    public string Seal(string secret) => Base64Url.EncodeToString(master.Seal(SealPurpose, Encoding.UTF8.GetBytes(secret)));

    /// <summary>A signer with the newest secret. The caller disposes it. OIDC Core §10.1</summary>
    public JwsSigner HmacSigner(Client client) =>
        HmacKeys(client).FirstOrDefault() is { } key
            ? JwsSigner.Create(key, "HS256")
            : throw new StoreException(Reason.KeyUnreadable, $"No secret of the client {client.Id} is kept for HS256: give it a new one.");

    /// <summary>The secrets as HMAC keys, newest first.</summary>
    public IEnumerable<JsonWebKey> HmacKeys(Client client) => HmacSecrets(client).Select(secret => secret.Key);

    /// <summary>The secrets that are kept for it, each as an HMAC key, newest first.</summary>
    public IEnumerable<(ClientSecret Secret, JsonWebKey Key)> HmacSecrets(Client client)
    {
        foreach (var secret in client.Secrets.OrderByDescending(s => s.CreatedAt))
        {
            if (secret.Sealed is null || master.Open(SealPurpose, Base64Url.DecodeFromChars(secret.Sealed)) is not { } plain)
                continue;
            var jwk = Encoding.ASCII.GetBytes($$"""{"kty":"oct","k":"{{Base64Url.EncodeToString(plain)}}"}""");
            if (JsonWebKey.TryParse((ReadOnlyMemory<byte>)jwk, out var key, out _))
                yield return (secret, key);
        }
    }
}
