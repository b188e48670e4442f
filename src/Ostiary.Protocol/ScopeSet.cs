using System.Collections.Immutable;

namespace Ostiary.Protocol;

/// <summary>A set of scope tokens in the order in which they were first named. Comparison is exact and case-sensitive. RFC 6749 §3.3</summary>
public sealed class ScopeSet : IEquatable<ScopeSet>
{
    public const string OpenId = "openid";
    public const string OfflineAccess = "offline_access";

    private string? _text;

    private ScopeSet(ImmutableArray<string> tokens) => Tokens = tokens;

    public static ScopeSet None { get; } = new([]);

    public ImmutableArray<string> Tokens { get; }
    public bool IsEmpty => Tokens.IsEmpty;

    public static ScopeSet Of(IEnumerable<string> tokens) => new([.. tokens.Distinct(StringComparer.Ordinal)]);

    /// <summary>Reads the space-separated form. RFC 6749 §3.3: tokens of %x21 / %x23-5B / %x5D-7E.</summary>
    public static bool TryParse(string? text, out ScopeSet scopes)
    {
        scopes = None;
        if (string.IsNullOrEmpty(text))
            return true;
        foreach (var c in text)
        {
            if (c is not (' ' or '!' or (>= '#' and <= '[') or (>= ']' and <= '~')))
                return false;
        }
        scopes = text.Contains(' ', StringComparison.Ordinal) ? Of(text.Split(' ', StringSplitOptions.RemoveEmptyEntries)) : new([text]);
        return true;
    }

    public bool Contains(string token) => Tokens.AsSpan().Contains(token);

    public bool IsWithin(ScopeSet other)
    {
        foreach (var token in Tokens)
        {
            if (!other.Contains(token))
                return false;
        }
        return true;
    }

    /// <summary>The tokens for which it holds.</summary>
    public ScopeSet Where(Func<string, bool> holds)
    {
        foreach (var token in Tokens)
        {
            if (!holds(token))
                return new([.. Tokens.Where(holds)]);
        }
        return this;
    }

    public ScopeSet Intersect(ScopeSet other) => Where(other.Contains);

    public ScopeSet Union(ScopeSet other) => Of(Tokens.Concat(other.Tokens));

    public ScopeSet Without(string token) => Where(t => t != token);

    public bool Equals(ScopeSet? other) => other is not null && IsWithin(other) && other.IsWithin(this);

    public override bool Equals(object? obj) => Equals(obj as ScopeSet);

    public override int GetHashCode() => Tokens.Aggregate(0, (hash, token) => hash ^ token.GetHashCode(StringComparison.Ordinal));

    public override string ToString() => _text ??= string.Join(' ', Tokens);
}
