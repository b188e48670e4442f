using System.Security.Cryptography;
using System.Text;
using Ostiary.Protocol;
using Ostiary.Server.Grants;
using Ostiary.Server.Keys;

namespace Ostiary.Server.DeviceAuthorization;

/// <summary>
/// The codes that people carry from a device to a browser: 8 of 20 consonants, so that they are easy to type and spell no words. The grant is found through a
/// MAC of the code, which is its id: nothing else has to be kept, and who reads the storage learns no code.
/// </summary>
internal sealed class UserCodes(MasterKey master)
{
    public const int Length = 8;
    private const string Alphabet = "BCDFGHJKLMNPQRSTVWXZ"; // RFC 8628 §6.1
    private const int MaxTyped = 32;
    private readonly byte[] _key = master.Derive("user-code");

    /// <summary>A new code, and the id of its grant.</summary>
    public (string Code, GrantId Id) New()
    {
        while (true)
        {
            var code = string.Create(Length, Alphabet, static (text, alphabet) => Fill(text, alphabet));
            var id = IdOf(code);
            if (!id.ToString().StartsWith('-')) // No command line takes the id for an option.
                return (code, id);
        }
    }

    public GrantId IdOf(string code) => GrantId.Read(HMACSHA256.HashData(_key, Encoding.ASCII.GetBytes(code)));

    /// <summary>As it is shown: <c>WDJB-MJHT</c>.</summary>
    public static string Shown(string code) => code.Insert(Length / 2, "-");

    /// <summary>What was typed, in any case, with dashes and spaces anywhere. RFC 8628 §6.1</summary>
    public static bool TryParse(string? typed, out string code)
    {
        code = "";
        if (typed is null || typed.Length > MaxTyped)
            return false;
        var text = new StringBuilder(Length);
        foreach (var c in typed)
        {
            if (c is '-' or ' ')
                continue;
            var upper = char.IsAsciiLetterLower(c) ? (char)(c - 'a' + 'A') : c;
            if (!Alphabet.Contains(upper, StringComparison.Ordinal))
                return false;
            text.Append(upper);
        }
        code = text.ToString();
        return code.Length == Length;
    }

    private static void Fill(Span<char> text, string alphabet)
    {
        foreach (ref var letter in text)
            letter = alphabet[Entropy.Below(alphabet.Length)];
    }
}
