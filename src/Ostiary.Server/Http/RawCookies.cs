using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;

namespace Ostiary.Server.Http;

/// <summary>Reads a cookie from the raw header: a name that occurs twice counts as absent, for nobody can tell which of the two is ours.</summary>
internal static class RawCookies
{
    public static bool TryRead(HttpContext http, string name, [NotNullWhen(true)] out string? value)
    {
        value = null;
        var found = 0;
        foreach (var header in http.Request.Headers.Cookie)
        {
            foreach (var range in header.AsSpan().Split(';'))
            {
                var pair = header.AsSpan(range).Trim(' ');
                var equals = pair.IndexOf('=');
                if (equals < 0 || !pair[..equals].SequenceEqual(name))
                    continue;
                found++;
                value = pair[(equals + 1)..].ToString();
            }
        }
        if (found != 1)
            value = null;
        return value is not null;
    }
}
