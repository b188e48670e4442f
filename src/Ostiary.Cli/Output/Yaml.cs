using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Ostiary.Cli.Output;

/// <summary>Writes JSON values as YAML. Strings that could be read as anything else are quoted as in JSON, which is YAML too.</summary>
internal static class Yaml
{
    public static void Write(TextWriter to, JsonElement value)
    {
        if (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array && !IsEmpty(value))
            WriteBlock(to, value, 0, continued: false);
        else
            to.WriteLine(Scalar(value));
    }

    private static void WriteBlock(TextWriter to, JsonElement value, int depth, bool continued)
    {
        var first = continued;
        if (value.ValueKind == JsonValueKind.Object)
            foreach (var member in value.EnumerateObject())
            {
                Indent(to, depth, ref first);
                to.Write(Text(member.Name));
                to.Write(':');
                WriteValue(to, member.Value, depth + (member.Value.ValueKind == JsonValueKind.Array ? 0 : 1));
            }
        else
            foreach (var item in value.EnumerateArray())
            {
                Indent(to, depth, ref first);
                to.Write('-');
                if (item.ValueKind == JsonValueKind.Object && !IsEmpty(item))
                {
                    to.Write(' ');
                    WriteBlock(to, item, depth + 1, continued: true);
                }
                else
                    WriteValue(to, item, depth + 1);
            }
    }

    private static void WriteValue(TextWriter to, JsonElement value, int depth)
    {
        if (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array && !IsEmpty(value))
        {
            to.WriteLine();
            WriteBlock(to, value, depth, continued: false);
        }
        else
        {
            to.Write(' ');
            to.WriteLine(Scalar(value));
        }
    }

    private static void Indent(TextWriter to, int depth, ref bool continued)
    {
        if (!continued)
            for (var i = 0; i < depth; i++)
                to.Write("  ");
        continued = false;
    }

    private static string Scalar(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.String => Text(value.GetString()!),
            JsonValueKind.Object => "{}",
            JsonValueKind.Array => "[]",
            _ => value.GetRawText(),
        };

    private static string Text(string text) => IsPlain(text) ? text : Quoted(text);

    /// <summary>Escapes that JSON and YAML share; characters beyond the basic plane stand as they are, since YAML knows no surrogate pairs.</summary>
    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"", text.Length + 8);
        for (var i = 0; i < text.Length; i++)
            if (char.IsSurrogatePair(text, i))
                quoted.Append(text, i++, 2);
            else if (text[i] is '"' or '\\')
                quoted.Append('\\').Append(text[i]);
            else if (text[i] == '\n')
                quoted.Append("\\n");
            else if (char.IsControl(text[i]) || char.IsSurrogate(text[i]) || text[i] is '\u2028' or '\u2029' or '\ufeff' or >= '\ufffe')
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)text[i]:x4}");
            else
                quoted.Append(text[i]);
        return quoted.Append('"').ToString();
    }

    private static bool IsPlain(string text) =>
        text.Length > 0
        && char.IsAsciiLetter(text[0])
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '/' or '@' or '+')
        && text.ToLower(CultureInfo.InvariantCulture) is not ("true" or "false" or "null" or "yes" or "no" or "on" or "off" or "y" or "n");

    private static bool IsEmpty(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object ? !value.EnumerateObject().Any() : value.GetArrayLength() == 0;
}
