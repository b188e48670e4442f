namespace Ostiary.AspNetCore.Bff;

/// <summary>Addresses that cannot lead a browser away from this app.</summary>
internal static class LocalPath
{
    private const int MaxLength = 2000;

    /// <summary>One slash, then neither a second one nor a backslash, and nothing that browsers drop or rewrite. RFC 9700 §4.11</summary>
    public static bool IsLocal(string? path)
    {
        if (path is null || path.Length is 0 or > MaxLength || path[0] != '/')
            return false;
        if (path.Length > 1 && path[1] is '/' or '\\')
            return false;
        return !path.AsSpan().ContainsAnyExceptInRange('!', '~') && !path.Contains('\\', StringComparison.Ordinal);
    }

    public static string OrRoot(string? path) => IsLocal(path) ? path! : "/";
}
