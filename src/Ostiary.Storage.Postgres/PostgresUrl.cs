using System.Globalization;
using Npgsql;

namespace Ostiary.Storage.Postgres;

/// <summary>The form <c>postgres://user:password@host:port,host:port/database?name=value</c>. It is not read as a URL: those have one host.</summary>
internal static class PostgresUrl
{
    private static readonly string[] Schemes = ["postgres://", "postgresql://"];

    public static bool IsOne(string text) => Array.Exists(Schemes, scheme => text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase));

    public static NpgsqlConnectionStringBuilder Read(string text)
    {
        var rest = text[(text.IndexOf("://", StringComparison.Ordinal) + 3)..];
        var (address, query) = Cut(rest, '?');
        var (place, database) = Cut(address, '/');
        var at = place.LastIndexOf('@');
        var (user, password) = at < 0 ? ("", null) : Cut(place[..at], ':');
        var said = new NpgsqlConnectionStringBuilder { Host = Hosts(place[(at + 1)..], out var port) };
        if (port is { } number)
            said.Port = number;
        if (database is { Length: > 0 })
            said.Database = Uri.UnescapeDataString(database);
        if (user.Length > 0)
            said.Username = Uri.UnescapeDataString(user);
        if (password is not null)
            said.Password = Uri.UnescapeDataString(password);
        foreach (var pair in (query ?? "").Split('&', StringSplitOptions.RemoveEmptyEntries))
            Set(said, pair);
        return said;
    }

    private static string Hosts(string text, out int? port)
    {
        port = null;
        if (text.Contains(',', StringComparison.Ordinal))
            return text;
        var colon = text.LastIndexOf(':');
        if (colon <= text.LastIndexOf(']'))
            return Uri.UnescapeDataString(text);
        port = int.Parse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture);
        return Uri.UnescapeDataString(text[..colon]);
    }

    /// <summary>The names of libpq, and those of Npgsql.</summary>
    private static void Set(NpgsqlConnectionStringBuilder said, string pair)
    {
        var (name, value) = Cut(pair, '=');
        var text = Uri.UnescapeDataString(value ?? throw new FormatException("It has a parameter without a value."));
        switch (name)
        {
            case "sslmode":
                said["SSL Mode"] = text.Replace("-", "", StringComparison.Ordinal);
                break;
            case "sslrootcert":
                said.RootCertificate = text;
                break;
            case "sslcert":
                said.SslCertificate = text;
                break;
            case "sslkey":
                said.SslKey = text;
                break;
            case "host":
                said.Host = text;
                break;
            case "user":
                said.Username = text;
                break;
            case "target_session_attrs":
                said.TargetSessionAttributes = text;
                break;
            case "application_name":
                said.ApplicationName = text;
                break;
            default:
                said[Uri.UnescapeDataString(name).Replace('_', ' ')] = text;
                break;
        }
    }

    private static (string Before, string? After) Cut(string text, char at)
    {
        var index = text.IndexOf(at, StringComparison.Ordinal);
        return index < 0 ? (text, null) : (text[..index], text[(index + 1)..]);
    }
}
