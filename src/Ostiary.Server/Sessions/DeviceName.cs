namespace Ostiary.Server.Sessions;

/// <summary>What a User-Agent says about itself, in two words for people: <c>Firefox on Linux</c>. Nothing of the header itself is kept.</summary>
internal static class DeviceName
{
    public static string? Of(string? userAgent)
    {
        if (string.IsNullOrEmpty(userAgent))
            return null;
        var browser = First(userAgent, Browsers);
        var system = First(userAgent, Systems);
        return (browser, system) switch
        {
            (null, null) => null,
            (null, _) => system,
            (_, null) => browser,
            _ => $"{browser} on {system}",
        };
    }

    // Each family also claims to be those below it.
    private static readonly (string Mark, string Name)[] Browsers =
    [
        ("Edg/", "Edge"),
        ("EdgA/", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];

    private static readonly (string Mark, string Name)[] Systems =
    [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];

    private static string? First(string userAgent, (string Mark, string Name)[] table)
    {
        foreach (var (mark, name) in table)
        {
            if (userAgent.Contains(mark, StringComparison.Ordinal))
                return name;
        }
        return null;
    }
}
