using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Ostiary.Protocol;

namespace Ostiary.Server.CheckSession;

/// <summary>
/// What a client is given to ask later whether the session at its browser is still the one that it knows. It is bound to the client and its origin, and salted,
/// so no two of them can be compared. Session Management §2, §3.2
/// </summary>
internal static class SessionState
{
    public static string New(string clientId, string origin, string browserState) => Of(clientId, origin, browserState, Entropy.Text(16));

    /// <summary>The check-session frame computes the same from what it is asked.</summary>
    internal static string Of(string clientId, string origin, string browserState, string salt)
    {
        var text = $"{clientId} {origin} {browserState} {salt}";
        return Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(text))) + "." + salt; // Session Management §3.2
    }

    /// <summary>The origin that a page at this address has in a browser; null: no page is there.</summary>
    public static string? OriginOf(string redirectUri) =>
        Uri.TryCreate(redirectUri, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http" ? uri.GetLeftPart(UriPartial.Authority) : null;
}
