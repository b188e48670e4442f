using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Protocol;

/// <summary>
/// The parameters of a query or an <c>application/x-www-form-urlencoded</c> body, read strictly: names are case-sensitive, an empty value counts as
/// omitted, a parameter occurs once (RFC 6749 §3.1) unless its specification lets it repeat, and bad percent-encoding, bad UTF-8 and NUL are refused.
/// </summary>
public sealed class FormParameters
{
    /// <summary>More parameters than any request of the supported specifications has.</summary>
    public const int MaxCount = 100;

    private static readonly SearchValues<byte> Encoded = SearchValues.Create("%+\0"u8);

    private readonly List<KeyValuePair<string, string>> _all = [];

    public static FormParameters Empty { get; } = new();

    /// <summary>All parameters with a value, in order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> All => _all;

    /// <summary>Parameters that came another way than as a form: a parameter may repeat only where forms may repeat it.</summary>
    public static FormParameters Of(IEnumerable<KeyValuePair<string, string>> parameters)
    {
        var read = new FormParameters();
        foreach (var (name, value) in parameters)
        {
            if (name != "resource" && read._all.Exists(p => p.Key == name))
                read.Repeated ??= name;
            if (value.Length > 0)
                read._all.Add(new(name, value));
        }
        return read;
    }

    /// <summary>The name of the first parameter that occurs more than once and may not, or null. RFC 6749 §3.1, RFC 6749 §3.2, RFC 8707 §2.</summary>
    public string? Repeated { get; private set; }

    /// <summary>The value, or null where it is omitted or empty (RFC 6749 §3.1).</summary>
    public string? this[string name]
    {
        get
        {
            foreach (var (key, value) in _all)
            {
                if (key == name)
                    return value;
            }
            return null;
        }
    }

    /// <summary>These, and the value of a parameter that is not among them; null: nothing to add.</summary>
    public FormParameters Or(string name, string? value)
    {
        if (value is null || Has(name))
            return this;
        var more = new FormParameters { Repeated = Repeated };
        more._all.AddRange(_all);
        more._all.Add(new(name, value));
        return more;
    }

    public bool Has(string name) => this[name] is not null;

    /// <summary>All values of a parameter that may repeat (<c>resource</c>, RFC 8707 §2).</summary>
    public IReadOnlyList<string> Values(string name) => Has(name) ? [.. _all.Where(p => p.Key == name).Select(p => p.Value)] : [];

    /// <summary>Reads the text of a query (without <c>?</c>) or a body. Refuses with <see cref="Reason.RequestMalformed"/> or <see cref="Reason.RequestTooLarge"/>.</summary>
    public static Reason? TryParse(ReadOnlySpan<byte> text, out FormParameters parameters)
    {
        parameters = new FormParameters();
        List<string>? seen = null;
        var count = 0;
        while (!text.IsEmpty)
        {
            var end = text.IndexOf((byte)'&');
            var pair = end < 0 ? text : text[..end];
            text = end < 0 ? [] : text[(end + 1)..];
            if (pair.IsEmpty)
                continue;
            if (++count > MaxCount)
                return Reason.RequestTooLarge;
            var equals = pair.IndexOf((byte)'=');
            if (!TryDecode(equals < 0 ? pair : pair[..equals], out var name) || !TryDecode(equals < 0 ? [] : pair[(equals + 1)..], out var value))
                return Reason.RequestMalformed;
            seen ??= [];
            if (seen.Contains(name) && name != "resource")
                parameters.Repeated ??= name; // RFC 6749 §3.1
            seen.Add(name);
            if (value.Length > 0)
                parameters._all.Add(new(name, value));
        }
        return null;
    }

    /// <summary>Decodes one name or value: false for bad percent-encoding, bad UTF-8 and NUL.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> text, out string value)
    {
        if (!text.ContainsAny(Encoded))
            return TryText(text, out value);
        var buffer = new byte[text.Length];
        var length = 0;
        value = "";
        for (var i = 0; i < text.Length; i++)
        {
            var b = text[i];
            if (b == (byte)'+')
                b = (byte)' ';
            else if (b == (byte)'%')
            {
                if (i + 2 >= text.Length || !char.IsAsciiHexDigit((char)text[i + 1]) || !char.IsAsciiHexDigit((char)text[i + 2]))
                    return false;
                b = (byte)((HexValue(text[i + 1]) << 4) | HexValue(text[i + 2]));
                i += 2;
            }
            if (b == 0)
                return false;
            buffer[length++] = b;
        }
        return TryText(buffer.AsSpan(0, length), out value);
    }

    private static bool TryText(ReadOnlySpan<byte> text, out string value)
    {
        value = "";
        if (!Utf8.IsValid(text))
            return false;
        value = Encoding.UTF8.GetString(text);
        return true;
    }

    private static int HexValue(byte b) => b <= '9' ? b - '0' : (b | 0x20) - 'a' + 10;
}
