using System.Globalization;
using System.Text;

namespace Ostiary.Cli.Output;

/// <summary>
/// Where output goes. The result goes to stdout and only when the command succeeded: it is kept back until <see cref="Release"/>.
/// Everything else goes to stderr at once.
/// </summary>
internal sealed class Terminal : IDisposable
{
    private readonly StringWriter _result = new(CultureInfo.InvariantCulture) { NewLine = "\n" };
    private readonly TextWriter _output;
    private bool _abandoned;

    public Terminal()
    {
        _output = new StreamWriter(new DescriptorStream(1), new UTF8Encoding(false)) { NewLine = "\n" };
        Error = new StreamWriter(new DescriptorStream(2), new UTF8Encoding(false)) { NewLine = "\n", AutoFlush = true };
        OutputIsTerminal = !Console.IsOutputRedirected;
        ErrorIsTerminal = !Console.IsErrorRedirected;
    }

    /// <summary>The result, kept back until the command has succeeded.</summary>
    public TextWriter Result => _result;
    public TextWriter Error { get; }
    public bool OutputIsTerminal { get; }
    public bool ErrorIsTerminal { get; }

    /// <summary>Set by <c>--no-color</c>.</summary>
    public bool Plain { get; set; }
    public Ink OutputInk => new(Coloured(OutputIsTerminal));
    public Ink ErrorInk => new(Coloured(ErrorIsTerminal));

    public static int Width =>
        int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), NumberStyles.None, CultureInfo.InvariantCulture, out var columns) && columns >= 20
            ? columns
            : WindowWidth();

    /// <summary>A line of a stream (events, logs of <c>jose</c>): out at once.</summary>
    public void Stream(string line) => Write(line + "\n");

    /// <summary>A line for people beside the result.</summary>
    public void Note(string line) => Error.WriteLine(line);

    public void Release()
    {
        Write(_result.ToString());
        _result.GetStringBuilder().Clear();
    }

    /// <summary>Whoever read the output may have seen enough: then there is nobody left to tell, and the work was done.</summary>
    private void Write(string text)
    {
        const int brokenPipe = 32;
        if (_abandoned)
            return;
        try
        {
            _output.Write(text);
            _output.Flush();
        }
        catch (IOException failure) when ((failure.HResult & 0xFFFF) == brokenPipe)
        {
            _abandoned = true;
        }
    }

    public void Dispose()
    {
        _result.Dispose();
        if (!_abandoned)
            _output.Dispose();
        Error.Dispose();
    }

    private bool Coloured(bool isTerminal)
    {
        if (Plain || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 })
            return false;
        if (Environment.GetEnvironmentVariable("CLICOLOR_FORCE") is { Length: > 0 } forced && forced != "0")
            return true;
        return isTerminal && Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } and not "dumb";
    }

    private static int WindowWidth()
    {
        try
        {
            return Console.WindowWidth is >= 20 and var width ? width : 80;
        }
        catch (IOException)
        {
            return 80;
        }
    }
}

/// <summary>The eight base colours; a word or sign always stands beside a colour.</summary>
internal readonly struct Ink(bool on)
{
    public string Red(string text) => Paint("31", text);

    public string Green(string text) => Paint("32", text);

    public string Yellow(string text) => Paint("33", text);

    public string Bold(string text) => Paint("1", text);

    public string Dim(string text) => Paint("2", text);

    private string Paint(string code, string text) => on ? $"\e[{code}m{text}\e[0m" : text;
}
