using System.Buffers.Binary;
using System.Security.Cryptography;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Grants;
using Ostiary.Server.Keys;

namespace Ostiary.Server.Tokens;

/// <summary>
/// Authorization codes, device codes and refresh tokens: the grant's id (and generation) with a MAC. Derived, not random, so the same generation always has the same text,
/// nothing usable is stored, and a forged or mangled value is told from one that was once valid without a read.
/// </summary>
public sealed class GrantCredentials(MasterKey master)
{
    private const byte Version = 1;
    private const int CodeLength = 1 + GrantId.Size;
    private const byte BoundVersion = 2;
    private const int DeviceLength = 1 + GrantId.Size + sizeof(long);
    private const int RefreshLength = 1 + GrantId.Size + sizeof(int);
    private const int KeyLength = 1 + 32;
    private const int MacLength = 20; // 160 bits. RFC 6749 §10.10

    private readonly byte[] _codeKey = master.Derive("authorization-code");
    private readonly byte[] _deviceKey = master.Derive("device-code");
    private readonly byte[] _refreshKey = master.Derive("refresh-token");

    public string Code(GrantId grant)
    {
        Span<byte> content = stackalloc byte[CodeLength + MacLength];
        content[0] = Version;
        grant.Write(content[1..]);
        Seal(_codeKey, content);
        return CredentialText.Format(CredentialText.AuthorizationCode, content);
    }

    /// <summary>Whether this server issued it; not whether it is still good.</summary>
    public bool TryReadCode(string text, out GrantId grant)
    {
        grant = default;
        if (!CredentialText.TryParse(CredentialText.AuthorizationCode, text, out var content) || !IsSealed(_codeKey, content, CodeLength))
            return false;
        grant = GrantId.Read(content.AsSpan(1));
        return true;
    }

    /// <summary>It carries its end, so that it is told from one that was never ours also when the grant is gone.</summary>
    public string DeviceCode(GrantId grant, DateTimeOffset expiresAt)
    {
        Span<byte> content = stackalloc byte[DeviceLength + MacLength];
        content[0] = Version;
        grant.Write(content[1..]);
        BinaryPrimitives.WriteInt64BigEndian(content[(1 + GrantId.Size)..], expiresAt.ToUnixTimeMilliseconds());
        Seal(_deviceKey, content);
        return CredentialText.Format(CredentialText.DeviceCode, content);
    }

    /// <summary>Whether this server issued it; not whether it is still good.</summary>
    public bool TryReadDeviceCode(string text, out GrantId grant, out DateTimeOffset expiresAt)
    {
        (grant, expiresAt) = (default, default);
        if (!CredentialText.TryParse(CredentialText.DeviceCode, text, out var content) || !IsSealed(_deviceKey, content, DeviceLength))
            return false;
        grant = GrantId.Read(content.AsSpan(1));
        expiresAt = DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(content.AsSpan(1 + GrantId.Size)));
        return true;
    }

    /// <param name="sender">The key that it is bound to: it is in the token, and the MAC is over it. RFC 9449 §5</param>
    public string RefreshToken(GrantId grant, int generation, SenderKey? sender = null)
    {
        Span<byte> buffer = stackalloc byte[RefreshLength + KeyLength + MacLength];
        var content = sender is null ? buffer[..(RefreshLength + MacLength)] : buffer;
        content[0] = sender is null ? Version : BoundVersion;
        grant.Write(content[1..]);
        BinaryPrimitives.WriteInt32BigEndian(content[(1 + GrantId.Size)..], generation);
        if (sender is not null)
        {
            content[RefreshLength] = (byte)sender.Kind;
            Base64UrlText.TryDecode(sender.Thumbprint, out var thumbprint);
            thumbprint.CopyTo(content[(RefreshLength + 1)..]);
        }
        Seal(_refreshKey, content);
        return CredentialText.Format(CredentialText.RefreshToken, content);
    }

    /// <summary>Whether this server issued it; not whether it is still good.</summary>
    public bool TryReadRefreshToken(string text, out GrantId grant, out int generation, out SenderKey? sender)
    {
        (grant, generation, sender) = (default, 0, null);
        if (!CredentialText.TryParse(CredentialText.RefreshToken, text, out var content) || content.Length == 0)
            return false;
        var bound = content[0] == BoundVersion;
        if (!IsSealed(_refreshKey, content, bound ? RefreshLength + KeyLength : RefreshLength, bound ? BoundVersion : Version))
            return false;
        grant = GrantId.Read(content.AsSpan(1));
        generation = BinaryPrimitives.ReadInt32BigEndian(content.AsSpan(1 + GrantId.Size));
        if (bound)
            sender = new((SenderKeyKind)content[RefreshLength], Base64UrlText.Encode(content.AsSpan(RefreshLength + 1, KeyLength - 1)));
        return true;
    }

    private static void Seal(byte[] key, Span<byte> content)
    {
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, content[..^MacLength], mac);
        mac[..MacLength].CopyTo(content[^MacLength..]);
    }

    private static bool IsSealed(byte[] key, ReadOnlySpan<byte> content, int length, byte version = Version)
    {
        if (content.Length != length + MacLength || content[0] != version)
            return false;
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, content[..length], mac);
        return FixedTime.Equals(mac[..MacLength], content[length..]);
    }
}
