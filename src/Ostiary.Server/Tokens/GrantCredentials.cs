using System.Buffers.Binary;
using System.Security.Cryptography;
using Ostiary.Protocol;
using Ostiary.Server.Grants;
using Ostiary.Server.Keys;

namespace Ostiary.Server.Tokens;

/// <summary>
/// Authorization codes and refresh tokens: the grant's id (and generation) with a MAC. Derived, not random, so the same generation always has the same text,
/// nothing usable is stored, and a forged or mangled value is told from one that was once valid without a read.
/// </summary>
public sealed class GrantCredentials(MasterKey master)
{
    private const byte Version = 1;
    private const int CodeLength = 1 + GrantId.Size;
    private const int RefreshLength = 1 + GrantId.Size + sizeof(int);
    private const int MacLength = 20; // 160 bits. RFC 6749 §10.10

    private readonly byte[] _codeKey = master.Derive("authorization-code");
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

    public string RefreshToken(GrantId grant, int generation)
    {
        Span<byte> content = stackalloc byte[RefreshLength + MacLength];
        content[0] = Version;
        grant.Write(content[1..]);
        BinaryPrimitives.WriteInt32BigEndian(content[(1 + GrantId.Size)..], generation);
        Seal(_refreshKey, content);
        return CredentialText.Format(CredentialText.RefreshToken, content);
    }

    /// <summary>Whether this server issued it; not whether it is still good.</summary>
    public bool TryReadRefreshToken(string text, out GrantId grant, out int generation)
    {
        (grant, generation) = (default, 0);
        if (!CredentialText.TryParse(CredentialText.RefreshToken, text, out var content) || !IsSealed(_refreshKey, content, RefreshLength))
            return false;
        grant = GrantId.Read(content.AsSpan(1));
        generation = BinaryPrimitives.ReadInt32BigEndian(content.AsSpan(1 + GrantId.Size));
        return true;
    }

    private static void Seal(byte[] key, Span<byte> content)
    {
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, content[..^MacLength], mac);
        mac[..MacLength].CopyTo(content[^MacLength..]);
    }

    private static bool IsSealed(byte[] key, ReadOnlySpan<byte> content, int length)
    {
        if (content.Length != length + MacLength || content[0] != Version)
            return false;
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, content[..length], mac);
        return FixedTime.Equals(mac[..MacLength], content[length..]);
    }
}
