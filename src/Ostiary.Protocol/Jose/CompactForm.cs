using System.Diagnostics.CodeAnalysis;

namespace Ostiary.Protocol.Jose;

/// <summary>The frame of signed and encrypted tokens alike: not too long, so many parts between dots, and a header first.</summary>
internal static class CompactForm
{
    /// <summary>Fills <paramref name="parts"/>, which is as long as there must be parts.</summary>
    public static bool TryRead(
        ReadOnlySpan<char> compact,
        int maxLength,
        Span<Range> parts,
        [NotNullWhen(true)] out JoseHeader? header,
        out JoseFault fault
    )
    {
        header = null;
        fault = JoseFault.TooLarge;
        if (compact.Length > maxLength)
            return false;
        fault = JoseFault.NotCompact;
        return TrySplit(compact, parts) && JoseHeader.TryParse(compact[parts[0]], out header, out fault);
    }

    /// <summary>The header is never empty; the other parts may be.</summary>
    public static bool TrySplit(ReadOnlySpan<char> compact, Span<Range> parts) =>
        compact.Count('.') == parts.Length - 1 && compact.Split(parts, '.') == parts.Length && !compact[parts[0]].IsEmpty;
}
