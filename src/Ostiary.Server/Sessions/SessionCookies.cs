using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Server.Http;

namespace Ostiary.Server.Sessions;

/// <summary>
/// The cookies. The browser cookie says only that it is the same browser, and stays; the session cookie says who is signed in, and is new at every sign-in.
/// Neither holds anything about a person, and the stores hold only hashes of both. The third one gives no rights at all: it tells apps whether the session changed.
/// </summary>
internal sealed class SessionCookies(IssuerUrl issuer)
{
    private const int IdLength = 22;
    private const int SecretLength = 43;
    private static readonly object MintedBrowser = new();
    private static readonly TimeSpan BrowserLifetime = TimeSpan.FromDays(400);

    // Without TLS, on loopback, browsers take no __Host- cookie and other programs send no Secure one. draft-ietf-httpbis-rfc6265bis
    private readonly string _session = (issuer.Secure ? "__Host-ostiary_session" : "ostiary_session") + MarkOf(issuer.Path);
    private readonly string _browser = (issuer.Secure ? "__Host-ostiary_browser" : "ostiary_browser") + MarkOf(issuer.Path);
    private readonly string _state = (issuer.Secure ? "__Host-ostiary_state" : "ostiary_state") + MarkOf(issuer.Path);
    private readonly bool _secure = issuer.Secure;

    /// <summary>The cookie that the check-session frame reads.</summary>
    public string StateName => _state;

    /// <summary>The hash of the browser cookie; a new cookie where there is none that we could have set.</summary>
    public string BrowserOf(HttpContext http)
    {
        if (http.Items.TryGetValue(MintedBrowser, out var minted))
            return (string)minted!;
        if (RawCookies.TryRead(http, _browser, out var value) && IsRandomText(value, SecretLength))
            return Hash(value);
        value = Entropy.Text(32);
        Append(http, _browser, value, BrowserLifetime);
        var hash = Hash(value);
        http.Items[MintedBrowser] = hash;
        return hash;
    }

    /// <summary>Whether the browser sent a cookie of ours, valid or not.</summary>
    public bool IsKnown(HttpContext http) => RawCookies.TryRead(http, _browser, out _) || RawCookies.TryRead(http, _session, out _);

    public bool TryReadSession(HttpContext http, [NotNullWhen(true)] out string? id, [NotNullWhen(true)] out string? secretHash)
    {
        id = secretHash = null;
        if (!RawCookies.TryRead(http, _session, out var value) || value.Length != IdLength + 1 + SecretLength || value[IdLength] != '.')
            return false;
        if (!IsRandomText(value.AsSpan(0, IdLength), IdLength) || !IsRandomText(value.AsSpan(IdLength + 1), SecretLength))
            return false;
        id = value[..IdLength];
        secretHash = Hash(value.AsSpan(IdLength + 1));
        return true;
    }

    /// <summary>A new secret, for a session that goes on or (without id) a new one; returns the id, the hash to keep, and what sends the cookie.</summary>
    public (string Id, string SecretHash, Action<HttpContext> Send) NewSecret(string? id = null)
    {
        id ??= Entropy.Name(16);
        var secret = Entropy.Text(32);
        return (id, Hash(secret), Send);

        void Send(HttpContext http)
        {
            Append(http, _session, id + "." + secret, lifetime: null);
            ClearState(http);
        }
    }

    public void ClearSession(HttpContext http)
    {
        Append(http, _session, "", TimeSpan.Zero);
        ClearState(http);
    }

    /// <summary>
    /// What the session looks like to the check-session frame: another text after each sign-in, from which nothing can be concluded. Sent only to browsers that
    /// do not have it yet. Scripts must read it, and in frames of other sites. Session Management §3.2
    /// </summary>
    public string ShowState(HttpContext http, string secretHash)
    {
        var state = Hash("browser state " + secretHash);
        if (!RawCookies.TryRead(http, _state, out var known) || known != state)
            http.Response.Cookies.Append(_state, state, StateOptions());
        return state;
    }

    /// <summary>Whatever apps still hold is then said to have changed.</summary>
    public void ClearState(HttpContext http)
    {
        if (http.Request.Headers.Cookie.Any(header => header?.Contains(_state + "=", StringComparison.Ordinal) == true))
            http.Response.Cookies.Delete(_state, StateOptions());
    }

    // Without TLS there is no SameSite=None; then the frame works within one site, which is all that loopback needs.
    private CookieOptions StateOptions() =>
        new()
        {
            Path = "/",
            HttpOnly = false,
            Secure = _secure,
            SameSite = _secure ? SameSiteMode.None : SameSiteMode.Lax,
            IsEssential = true,
        };

    private void Append(HttpContext http, string name, string value, TimeSpan? lifetime) =>
        http.Response.Cookies.Append(
            name,
            value,
            new CookieOptions
            {
                Path = "/",
                HttpOnly = true,
                Secure = _secure,
                SameSite = SameSiteMode.Lax,
                MaxAge = lifetime,
                IsEssential = true,
            }
        );

    /// <summary>Issuers at several paths of a host have cookies of different names: the prefix leaves them no path of their own.</summary>
    private static string MarkOf(string path) =>
        path.Length == 0 ? "" : "_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)))[..16];

    private static bool IsRandomText(ReadOnlySpan<char> value, int length)
    {
        if (value.Length != length)
            return false;
        foreach (var c in value)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))
                return false;
        }
        return true;
    }

    private static string Hash(ReadOnlySpan<char> ascii)
    {
        Span<byte> bytes = stackalloc byte[96];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..Encoding.ASCII.GetBytes(ascii, bytes)], hash);
        return Base64Url.EncodeToString(hash);
    }
}
