using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace Ostiary.Server.Pages;

/// <summary>HTML text. The only way to make it is <see cref="Of"/>, which encodes every value that is not itself <see cref="Html"/>.</summary>
internal readonly struct Html
{
    private readonly string? _text;

    private Html(string text) => _text = text;

    public static Html Empty => default;

    public bool IsEmpty => string.IsNullOrEmpty(_text);

    public static Html Of(Writer writer) => new(writer.ToString());

    public static Html Text(string? value) => Of($"{value}");

    public static Html Join(IEnumerable<Html> parts) => new(string.Concat(parts.Select(p => p._text)));

    public override string ToString() => _text ?? "";

    /// <summary>Receives <c>$"…{value}…"</c>: literal parts are markup, values are text. Attribute values stand in double quotes.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct Writer
    {
        private readonly StringBuilder _builder;

        public Writer(int literalLength, int formattedCount) => _builder = new(literalLength + (formattedCount * 32));

        public void AppendLiteral(string markup) => _builder.Append(markup);

        public void AppendFormatted(string? text) => _builder.Append(text is null ? null : Encoder.Encode(text));

        public void AppendFormatted(int number) => _builder.Append(CultureInfo.InvariantCulture, $"{number}");

        public void AppendFormatted(Html html) => _builder.Append(html._text);

        public void AppendFormatted(IEnumerable<Html> parts)
        {
            foreach (var part in parts)
                _builder.Append(part._text);
        }

        public override string ToString() => _builder.ToString();
    }

    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);
}
