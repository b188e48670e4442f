using System.CommandLine;
using System.Globalization;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;

namespace Ostiary.Cli.Commands;

/// <summary>The help of a command, made from the tree. Every help lists the exit codes.</summary>
internal static class HelpText
{
    public static void Write(TextWriter to, Command command, Ink ink)
    {
        to.WriteLine(command.Description);
        Section(to, ink, "Usage", [("  " + Usage(command), "")]);
        if (command is not Verb)
            Section(to, ink, "Commands", UsageFaults.Visible(command).Select(c => ("  " + c.Name, Describe(c))));
        Section(to, ink, "Arguments", command.Arguments.Select(a => ("  " + Name(a), a.Description ?? "")));
        Section(to, ink, "Options", OptionsOf(command).Select(o => ("  " + Name(o), Describe(o))));
        if (command is Verb { Examples.Count: > 0 } verb)
            Section(to, ink, "Examples", verb.Examples.Select(e => ("  " + e, "")));
        Section(to, ink, "Exit codes", ExitCode.All.Select(e => ("  " + e.Code.ToString(CultureInfo.InvariantCulture).PadLeft(3), e.Meaning)));
    }

    /// <summary>The options of a command and those that it inherits.</summary>
    public static IEnumerable<Option> OptionsOf(Command command)
    {
        var own = command.Options.Where(o => !o.Hidden);
        if (command is RootCommand)
            return own;
        var root = command;
        while (root is not RootCommand)
            root = root.Parents.OfType<Command>().First();
        return own.Concat(root.Options.Where(o => o.Recursive && !o.Hidden));
    }

    private static string Usage(Command command)
    {
        var path = UsageFaults.PathOf(command);
        if (command is not Verb)
            return $"{path} COMMAND [OPTIONS]";
        var arguments = command.Arguments.Select(a => a.Arity.MinimumNumberOfValues > 0 ? Name(a) : $"[{Name(a)}]");
        var required = command.Options.Where(o => o.Required).Select(Name);
        return string.Join(' ', [path, .. arguments, .. required, "[OPTIONS]"]);
    }

    private static string Describe(Command command) =>
        command is Noun ? $"{command.Description}: {string.Join(", ", UsageFaults.Visible(command).Select(c => c.Name))}" : command.Description ?? "";

    private static string Describe(Option option) =>
        (option.Description ?? "") + (option.Required ? " (required)" : "") + (Repeats(option) ? " (repeatable)" : "");

    private static bool Repeats(Option option) => option.Arity.MaximumNumberOfValues > 1;

    private static string Name(Argument argument) => (argument.HelpName ?? argument.Name).ToUpperInvariant();

    private static string Name(Option option)
    {
        var names = string.Join(
            ", ",
            option.Aliases.Where(a => a.StartsWith('-') && !a.StartsWith("--", StringComparison.Ordinal)).Take(1).Append(option.Name)
        );
        return option.Arity.MaximumNumberOfValues == 0 || option.ValueType == typeof(bool) ? names : $"{names} {option.HelpName ?? "VALUE"}";
    }

    private static void Section(TextWriter to, Ink ink, string title, IEnumerable<(string Left, string Right)> rows)
    {
        var list = rows.ToList();
        if (list.Count == 0)
            return;
        to.WriteLine();
        to.WriteLine(ink.Bold(title));
        var width = Math.Min(34, list.Max(r => r.Left.Length));
        foreach (var (left, right) in list)
            to.WriteLine($"{left.PadRight(width)}  {right}".TrimEnd());
    }
}
