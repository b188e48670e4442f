using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Ostiary.Protocol;

/// <summary>Proof Key for Code Exchange with S256, the only method served. RFC 7636, RFC 9700 §2.1.1</summary>
public static class Pkce
{
    public const string S256 = "S256";

    /// <summary>43 characters of base64url: the text of a SHA-256 hash. RFC 7636 §4.2</summary>
    public static bool IsChallenge(string text) => text.Length == 43 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    /// <summary>43 to 128 unreserved characters. RFC 7636 §4.1</summary>
    public static bool IsVerifier(string text) =>
        text.Length is >= 43 and <= 128 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~');

    /// <summary>base64url(SHA-256(ASCII(verifier))). RFC 7636 §4.2</summary>
    public static string ChallengeOf(string verifier) => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)));

    /// <summary>RFC 7636 §4.6</summary>
    public static bool Matches(string verifier, string challenge) => string.Equals(ChallengeOf(verifier), challenge, StringComparison.Ordinal);
}
