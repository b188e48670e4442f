using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;

namespace Ostiary.AspNetCore.Bff;

/// <summary>The cookies of this app: random values only, HttpOnly, for the whole host and for nobody else.</summary>
internal sealed class BffCookies(BffOptions options)
{
    private const int ValueLength = 43;

    private readonly string _session = (options.IsSecure ? "__Host-" : "") + options.CookieName;
    private string SignInPrefix => _session + "-signin-";
    private string SignOut => _session + "-signout";

    /// <summary>What the stores know a cookie's value by.</summary>
    public static string IdOf(string value) => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(value)));

    public string? Session(HttpContext http) => Read(http, _session);

    public bool HasSession(HttpContext http) => http.Request.Cookies.ContainsKey(_session);

    public string StartSession(HttpContext http) => Write(http, _session, null);

    public void EndSession(HttpContext http) => Delete(http, _session);

    /// <summary>One cookie per sign-in, named by the slot that its state begins with, so that two tabs do not disturb each other.</summary>
    public string StartSignIn(HttpContext http, string slot) => Write(http, SignInPrefix + slot, options.SignInLifetime);

    public string? SignIn(HttpContext http, string slot) => Read(http, SignInPrefix + slot);

    public bool HasAnySignIn(HttpContext http) => http.Request.Cookies.Keys.Any(name => name.StartsWith(SignInPrefix, StringComparison.Ordinal));

    public void EndSignIn(HttpContext http, string slot) => Delete(http, SignInPrefix + slot);

    public string StartSignOut(HttpContext http) => Write(http, SignOut, options.SignInLifetime);

    public string? TakeSignOut(HttpContext http)
    {
        var value = Read(http, SignOut);
        if (value is not null)
            Delete(http, SignOut);
        return value;
    }

    private static string? Read(HttpContext http, string name) =>
        http.Request.Cookies.TryGetValue(name, out var value) && value.Length == ValueLength && Base64Url.IsValid(value) ? value : null;

    private string Write(HttpContext http, string name, TimeSpan? lifetime)
    {
        var value = Entropy.Text(32);
        http.Response.Cookies.Append(name, value, Flags(lifetime));
        return value;
    }

    private void Delete(HttpContext http, string name) => http.Response.Cookies.Delete(name, Flags(null));

    private CookieOptions Flags(TimeSpan? lifetime) =>
        new()
        {
            Secure = options.IsSecure,
            HttpOnly = true,
            SameSite = SameSiteMode.Lax,
            Path = "/",
            MaxAge = lifetime,
            IsEssential = true,
        };
}
