using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Ostiary.Cli.ConfigurationFiles;

/// <summary>What a scalar means. A bare word is true, false, null, a JSON number or a text; what some version of YAML reads otherwise is refused.</summary>
internal static partial class YamlScalar
{
    private const string Advice = "Quote it if it is a text; truth values are true and false, numbers are written in decimal.";

    public static string NameOf(ParsingEvent node)
    {
        if (node is AnchorAlias)
            throw YamlText.Refused(node, "Aliases are not taken.", "Write the name out.");
        if (node is not Scalar scalar || !scalar.Anchor.IsEmpty || !scalar.Tag.IsEmpty)
            throw YamlText.Refused(node, "A name must be a plain text.");
        if (scalar.Style == ScalarStyle.Plain && scalar.Value == "<<")
            throw YamlText.Refused(node, "Merge keys are not taken.", "Write the values out.");
        if (scalar.Style == ScalarStyle.Plain && (IsWord(scalar.Value) || IsNumber(scalar.Value) || IsAmbiguous(scalar.Value)))
            throw YamlText.Refused(node, $"The name {scalar.Value} can be read as something that is not a text.", "Quote it.");
        return Text(scalar);
    }

    public static void Write(Utf8JsonWriter json, Scalar scalar)
    {
        if (scalar.Style != ScalarStyle.Plain)
            json.WriteStringValue(Text(scalar));
        else if (scalar.Value.Length == 0)
            throw YamlText.Refused(scalar, "A value is missing here.", "Write null, \"\", [] or {} where nothing is meant.");
        else if (scalar.Value is "true" or "false" or "null" || IsNumber(scalar.Value))
            json.WriteRawValue(scalar.Value);
        else if (IsWord(scalar.Value) || IsAmbiguous(scalar.Value))
            throw YamlText.Refused(scalar, $"{scalar.Value} is read differently by versions of YAML.", Advice);
        else
            json.WriteStringValue(Text(scalar));
    }

    private static string Text(Scalar scalar)
    {
        for (var i = 0; i < scalar.Value.Length; i++)
            if (char.IsSurrogatePair(scalar.Value, i))
                i++;
            else if (char.IsSurrogate(scalar.Value[i]))
                throw YamlText.Refused(scalar, "The text holds half of a surrogate pair.");
        return scalar.Value;
    }

    /// <summary>true, false, null and all that YAML 1.1 takes for them: the country NO is not the answer no.</summary>
    private static bool IsWord(string text) =>
        text.Length <= 5
        && text.ToLowerInvariant() is "true" or "false" or "null" or "yes" or "no" or "on" or "off" or "y" or "n" or "~" or "=" or ".inf" or ".nan";

    private static bool IsNumber(string text) => text.Length <= 100 && JsonNumber().IsMatch(text);

    private static bool IsAmbiguous(string text) => text.Length <= 100 && (OtherNumber().IsMatch(text) || Date().IsMatch(text));

    [GeneratedRegex(@"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex JsonNumber();

    /// <summary>Octal, hexadecimal, binary, with signs, underscores, a bare point, or in base 60.</summary>
    [GeneratedRegex(
        @"^[-+]?(0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|[0-9_]*\.?[0-9_]*([eE][-+]?[0-9]+)?|\.(inf|Inf|INF))\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex OtherNumber();

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Date();
}
