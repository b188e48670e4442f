using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Server.Sessions;

namespace Ostiary.Server.Pages;

/// <summary>
/// The hidden field <c>csrf</c>: it shows that a form comes from a page that this server gave to this browser, for this session. Nothing is stored.
/// </summary>
internal sealed class FormTokens(Issuer issuer, BrowserSessions sessions)
{
    private const int HoursValid = 3;
    private readonly byte[] _key = issuer.Master.Derive("csrf");

    public string Issue(HttpContext http, Session? session, string page) => Compute(http, session, page, Hour);

    public Html Field(HttpContext http, Session? session, string page) =>
        Html.Of($"""<input type="hidden" name="csrf" value="{Issue(http, session, page)}">""");

    /// <summary>Whether a posted form comes from the page of this name, in this browser and session. RFC 6819 §4.4.1.8</summary>
    public bool IsOurs(HttpContext http, FormParameters form, Session? session, string page)
    {
        if (!IsFromOurOrigin(http) || form.Values("csrf") is not [var sent])
            return false;
        var presented = Encoding.UTF8.GetBytes(sent);
        var ours = false;
        for (var age = 0; age < HoursValid; age++)
            ours |= FixedTime.Equals(presented, Encoding.UTF8.GetBytes(Compute(http, session, page, Hour - age)));
        return ours;
    }

    private long Hour => issuer.Now.ToUnixTimeSeconds() / 3600;

    /// <summary>Browsers say where a form comes from. Under our own Referrer-Policy the Origin of our own forms is <c>null</c>.</summary>
    private bool IsFromOurOrigin(HttpContext http)
    {
        var site = http.Request.Headers["Sec-Fetch-Site"];
        if (site.Count > 0 && site is not ["same-origin" or "none"])
            return false;
        var origin = http.Request.Headers.Origin;
        return origin.Count == 0 || (origin.Count == 1 && (origin[0] == "null" || origin[0] == issuer.Url.Origin));
    }

    private string Compute(HttpContext http, Session? session, string page, long hour)
    {
        var text = string.Join('\n', sessions.BrowserOf(http), session?.Id, page, hour.ToString(CultureInfo.InvariantCulture));
        return Base64Url.EncodeToString(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(text)));
    }
}
