using System.Diagnostics.CodeAnalysis;

namespace Ostiary.Server.Hosting;

/// <summary>
/// Where an issuer keeps its data: in the data directory itself, or, where that serves several, in one of its own below it. That one is a data directory like
/// any other, with its own lock, keys, storage, log and socket, and may be administered, backed up and moved as one.
/// </summary>
public static class Partition
{
    private const string Folder = "issuers";
    private const string IssuerFile = "issuer";

    /// <param name="data">The data directory that was named.</param>
    /// <param name="alone">Whether it is the only issuer of the server.</param>
    public static string Of(string data, string issuer, bool alone)
    {
        var own = Path.Combine(data, Folder, NameOf(issuer));
        if (Directory.Exists(own))
            return own;
        var isFirst = IssuerOf(data) is { } first && NameOf(first) == NameOf(issuer);
        return isFirst || (alone && !Directory.Exists(Path.Combine(data, Folder))) ? data : own;
    }

    /// <summary>The name of the issuer where the directory is its own, below one of several; null where it is the data directory itself.</summary>
    public static string? NameIn(string directory, string issuer) => OwnName(directory) is { } own && own == NameOf(issuer) ? own : null;

    /// <summary>The issuer that a directory is for, as its name says, where no server ever ran on it; null where the name says nothing.</summary>
    public static string? IssuerNamedBy(string directory) =>
        OwnName(directory) is { } own && "https://" + Uri.UnescapeDataString(own) is var issuer && IssuerUrl.TryParse(issuer, out _) ? issuer : null;

    /// <summary>The issuer that a server last was on exactly this directory; null where none ever ran.</summary>
    public static string? IssuerOf(string directory) =>
        File.Exists(Path.Combine(directory, IssuerFile)) ? File.ReadAllText(Path.Combine(directory, IssuerFile)).Trim() : null;

    public static void Remember(string directory, string issuer) => File.WriteAllText(Path.Combine(directory, IssuerFile), issuer);

    /// <summary>Every issuer that has its data here, with the directory.</summary>
    public static IReadOnlyList<(string Issuer, string Directory)> In(string data)
    {
        var found = new List<(string, string)>();
        if (IssuerOf(data) is { } first)
            found.Add((first, data));
        var folder = Path.Combine(data, Folder);
        if (Directory.Exists(folder))
            foreach (var directory in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
                if (IssuerOf(directory) is { } issuer)
                    found.Add((issuer, directory));
        return found;
    }

    private static string? OwnName(string directory)
    {
        var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        return Path.GetFileName(Path.GetDirectoryName(path)) == Folder ? Path.GetFileName(path) : null;
    }

    /// <summary>Host, port and path, as the name of one directory: <c>id.example%2Ftenant</c>.</summary>
    [SuppressMessage("Globalization", "CA1308", Justification = "Hosts are written small.")]
    public static string NameOf(string issuer) =>
        IssuerUrl.TryParse(issuer, out var url)
            ? Uri.EscapeDataString(url.Origin[(url.Origin.IndexOf("://", StringComparison.Ordinal) + 3)..].ToLowerInvariant() + url.Path)
            : throw new ArgumentException("The options were not validated.", nameof(issuer));
}
