using System.CommandLine;

namespace Ostiary.Cli.Commands;

/// <summary>A command that does something. Its handler returns the exit code; failures are a <see cref="Errors.CliException"/>.</summary>
internal sealed class Verb(string name, string description, Func<Invocation, Task<int>> run) : Command(name, description)
{
    public Func<Invocation, Task<int>> Run { get; } = run;

    /// <summary>Commands that show the use, printed below the help.</summary>
    public IReadOnlyList<string> Examples { get; init; } = [];

    /// <summary>Runs until it is stopped: being stopped is its regular end.</summary>
    public bool EndsWhenStopped { get; init; }

    public Verb With(params ReadOnlySpan<Symbol> symbols)
    {
        foreach (var symbol in symbols)
            if (symbol is Argument argument)
                Add(argument);
            else if (symbol is Option option)
                Add(option);
        return this;
    }
}

/// <summary>A noun: it holds verbs and does nothing itself.</summary>
internal sealed class Noun : Command
{
    public Noun(string name, string description, params ReadOnlySpan<Command> verbs)
        : base(name, description)
    {
        foreach (var verb in verbs)
            Add(verb);
    }
}
