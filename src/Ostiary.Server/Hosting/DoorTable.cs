using System.Diagnostics.CodeAnalysis;

namespace Ostiary.Server.Hosting;

/// <summary>
/// Which issuer a request is for. Only configured hosts and paths are in it, so what a request says chooses among them and adds nothing. The host is looked at only
/// where issuers have different ones.
/// </summary>
internal sealed class DoorTable<T>
{
    private const string WellKnown = "/.well-known/";
    private readonly IReadOnlyList<(string Path, T Value)>? _all;
    private readonly Dictionary<string, IReadOnlyList<(string Path, T Value)>> _byHost = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="byHost">Whether the host counts also where there is one alone.</param>
    public DoorTable(IReadOnlyList<(IssuerUrl Url, T Value)> issuers, bool byHost = false)
    {
        foreach (var group in issuers.GroupBy(i => Authority(i.Url), StringComparer.OrdinalIgnoreCase))
        {
            // A path before what it begins with.
            List<(string, T)> paths = [.. group.OrderByDescending(i => i.Url.Path.Length).Select(i => (i.Url.Path, i.Value))];
            _byHost[group.Key] = paths;
            _all = paths;
        }
        if (_byHost.Count > 1 || byHost)
            _all = null;
    }

    /// <summary>Whether the host is one of ours.</summary>
    public bool Knows(string? host) => _all is not null || (host is not null && _byHost.ContainsKey(host));

    /// <param name="host">The Host header, as it was sent.</param>
    /// <param name="path">The path, decoded.</param>
    public bool TryFind(string? host, string path, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        if ((_all ?? (host is null ? null : _byHost.GetValueOrDefault(host))) is not { } paths)
            return false;
        var own = path.AsSpan();
        if (path.StartsWith(WellKnown, StringComparison.Ordinal)) // RFC 8414 §3.1
        {
            var rest = own[WellKnown.Length..];
            own = rest.IndexOf('/') is >= 0 and var slash ? rest[slash..] : [];
        }
        foreach (var (prefix, candidate) in paths)
        {
            if (!own.StartsWith(prefix, StringComparison.Ordinal) || (own.Length > prefix.Length && own[prefix.Length] != '/' && prefix.Length > 0))
                continue;
            value = candidate;
            return true;
        }
        return false;
    }

    /// <summary>As clients send it: without the port that its scheme implies. RFC 9110 §7.2</summary>
    private static string Authority(IssuerUrl url)
    {
        var uri = new Uri(url.Origin);
        var host = uri.HostNameType == UriHostNameType.IPv6 ? uri.Host : uri.IdnHost;
        return uri.IsDefaultPort ? host : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{host}:{uri.Port}");
    }
}
