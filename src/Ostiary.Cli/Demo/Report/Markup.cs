using System.Globalization;
using System.Text;
using Ostiary.Cli.Output;

namespace Ostiary.Cli.Demo.Report;

/// <summary>Writes markup that is at once HTML and well-formed XML. Text and attribute values have one way in, and it encodes them.</summary>
internal sealed class Markup(TextWriter to)
{
    private readonly Stack<string> _open = new();

    public Markup Open(string element, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        Start(element, attributes);
        to.Write('>');
        _open.Push(element);
        return this;
    }

    /// <summary>With a class.</summary>
    public Markup Open(string element, string styled) => Open(element, ("class", styled));

    public Markup Close(int elements = 1)
    {
        for (var i = 0; i < elements; i++)
            to.Write($"</{_open.Pop()}>");
        return this;
    }

    public Markup CloseLine()
    {
        Close();
        to.Write('\n');
        return this;
    }

    /// <summary>An element without content: <c>meta</c>, <c>br</c>, or a shape.</summary>
    public Markup Void(string element, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        Start(element, attributes);
        to.Write("/>");
        return this;
    }

    public Markup Element(string element, string text, string? styled = null) => Open(element, ("class", styled)).Text(text).Close();

    public Markup Text(string text)
    {
        to.Write(Encode(text));
        return this;
    }

    /// <summary>Only for what is part of the program: the stylesheet and the drawing.</summary>
    public Markup Constant(string markup)
    {
        to.Write(markup);
        return this;
    }

    public static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>What XML cannot hold (control characters, lone surrogates, noncharacters) is shown, not written.</summary>
    public static string Encode(string text)
    {
        var safe = new StringBuilder(text.Length + 16);
        foreach (var rune in Printable.Of(text).EnumerateRunes())
            switch (rune.Value)
            {
                case '<':
                    safe.Append("&lt;");
                    break;
                case '>':
                    safe.Append("&gt;");
                    break;
                case '&':
                    safe.Append("&amp;");
                    break;
                case '"':
                    safe.Append("&quot;");
                    break;
                case '\'':
                    safe.Append("&#39;");
                    break;
                case 0xFFFE or 0xFFFF:
                    safe.Append('\uFFFD');
                    break;
                default:
                    safe.Append(rune.ToString());
                    break;
            }
        return safe.ToString();
    }

    private void Start(string element, ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        to.Write('<');
        to.Write(element);
        foreach (var (name, value) in attributes)
            if (value is not null)
                to.Write($" {name}=\"{Encode(value)}\"");
    }
}
