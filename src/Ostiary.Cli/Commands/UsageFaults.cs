using System.CommandLine;
using System.CommandLine.Parsing;
using Ostiary.Cli.Errors;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;

namespace Ostiary.Cli.Commands;

/// <summary>What does not parse, as one error that names the closest thing that exists.</summary>
internal static class UsageFaults
{
    public static void Refuse(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var path = PathOf(command);
        // An option that does not exist would otherwise become the value of an argument.
        foreach (var argument in command.Arguments)
            if (parsed.GetResult(argument)?.Tokens is [{ Value: ['-', _, ..] value }, ..] && parsed.Tokens.All(t => t.Type != TokenType.DoubleDash))
                throw Failure(Unknown(command, value), Closest(command, value) is { } close ? $"did you mean '{close}'?" : null, path);
        if (parsed.Errors.Count == 0 && command is Verb)
            return;
        if (parsed.UnmatchedTokens is [var unknown, ..])
            throw Failure(Unknown(command, unknown), Closest(command, unknown) is { } near ? $"did you mean '{near}'?" : null, path);
        if (command is not Verb)
            throw Failure($"'{path}' needs one of: {string.Join(", ", Visible(command).Select(c => c.Name))}.", null, path);
        throw Failure(Sentence(parsed.Errors[0]), null, path);
    }

    public static string PathOf(Command command)
    {
        var names = new Stack<string>();
        for (var at = command; at is not RootCommand; at = at.Parents.OfType<Command>().First())
            names.Push(at.Name);
        names.Push("ostiary");
        return string.Join(' ', names);
    }

    public static IEnumerable<Command> Visible(Command command) => command.Subcommands.Where(c => !c.Hidden);

    private static CliException Failure(string message, string? why, string path) =>
        new(new(Reason.UsageInvalid, message) { Why = why, Try = $"{path} --help" });

    private static string Sentence(ParseError error) =>
        error.SymbolResult is OptionResult { Option.ValueType: var type, Tokens: [var token, ..], Option.Name: var name } && type == typeof(int?)
            ? $"'{token.Value}' is not a whole number ({name})."
            : error.Message.Replace("\n", " ", StringComparison.Ordinal);

    private static string Unknown(Command command, string token)
    {
        var path = PathOf(command);
        if (token.StartsWith('-'))
            return $"'{path}' has no option '{token.Split('=', 2)[0]}'.";
        return command is Verb ? $"'{path}' does not take '{token}'." : $"'{path}' has no command '{token}'.";
    }

    private static string? Closest(Command command, string token) =>
        ClosestName.Of(token.Split('=', 2)[0], token.StartsWith('-') ? command.Options.Select(o => o.Name) : Visible(command).Select(c => c.Name));
}
