using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using Ostiary.Protocol;

namespace Ostiary.Server.Grants;

/// <summary>The identity of a grant: 128 random bits. It travels inside every code and refresh token of the grant.</summary>
public readonly record struct GrantId(UInt128 Value)
{
    public const int Size = 16;

    public static GrantId New() =>
        TryParse(Entropy.Name(Size), out var id) ? id : throw new InvalidOperationException("A random identity has a size.");

    public static GrantId Read(ReadOnlySpan<byte> bytes) => new(System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes));

    public void Write(Span<byte> bytes) => System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, Value);

    public byte[] ToArray()
    {
        var bytes = new byte[Size];
        Write(bytes);
        return bytes;
    }

    public static bool TryParse([NotNullWhen(true)] string? text, out GrantId id)
    {
        id = default;
        Span<byte> bytes = stackalloc byte[Size];
        if (text is not { Length: 22 } || text.AsSpan().ContainsAnyExcept(Base64UrlCharacters))
            return false;
        if (!Base64Url.TryDecodeFromChars(text, bytes, out var written) || written != Size)
            return false;
        id = Read(bytes);
        return true;
    }

    /// <summary>22 characters of base64url.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        Write(bytes);
        return Base64Url.EncodeToString(bytes);
    }

    private static readonly System.Buffers.SearchValues<char> Base64UrlCharacters = System.Buffers.SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    );
}
