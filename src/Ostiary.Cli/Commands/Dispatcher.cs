using System.CommandLine;
using Ostiary.Cli.Administration;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Errors;
using Ostiary.Server.Stores;

namespace Ostiary.Cli.Commands;

/// <summary>From arguments to exit code: parse, run, print the result only on success, and every failure in one form.</summary>
internal static class Dispatcher
{
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null };

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        using var terminal = new Terminal();
        using var signals = new StopSignals(terminal);
        ParseResult? parsed = null;
        try
        {
            SecretArguments.Refuse(arguments);
            parsed = CommandTree.Build().Parse(arguments, Parsing);
            terminal.Plain = parsed.GetValue(CommonOptions.NoColor);
            var exit = await DispatchAsync(parsed, terminal, signals, arguments);
            if (exit is ExitCode.Done or ExitCode.Findings or ExitCode.Inconclusive)
                terminal.Release();
            return exit;
        }
        catch (OperationCanceledException) when (signals.Stopped.IsCancellationRequested)
        {
            return Fail(terminal, parsed, arguments, new(Reason.Interrupted, "Interrupted before it was done."));
        }
        catch (CliException failure)
        {
            return Fail(terminal, parsed, arguments, failure.Error);
        }
        catch (StoreException failure)
        {
            return Fail(terminal, parsed, arguments, new(failure.Reason, failure.Message) { Exit = ExitCode.Usage });
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            return Fail(terminal, parsed, arguments, Bug(failure, arguments));
        }
    }

    private static async Task<int> DispatchAsync(ParseResult parsed, Terminal terminal, StopSignals signals, IReadOnlyList<string> arguments)
    {
        var command = parsed.CommandResult.Command;
        if (parsed.GetValue(CommonOptions.Help) || (arguments.Count == 0 && command is RootCommand))
        {
            HelpText.Write(terminal.Result, command, terminal.OutputInk);
            return ExitCode.Done;
        }
        UsageFaults.Refuse(parsed);
        if (parsed.GetValue(CommonOptions.Debug) is { } shown)
            Network.TraceTo =
                shown == "http" ? terminal.Error : throw CliException.Usage($"'{shown}' is nothing to debug.", "--debug, or --debug http");
        var verb = (Verb)command;
        try
        {
            return await verb.Run(new(parsed, terminal, signals.Stopped));
        }
        catch (DryRunException)
        {
            return ExitCode.Done;
        }
        catch (OperationCanceledException) when (verb.EndsWhenStopped && signals.Stopped.IsCancellationRequested)
        {
            return ExitCode.Done;
        }
    }

    private static int Fail(Terminal terminal, ParseResult? parsed, IReadOnlyList<string> arguments, CliError error)
    {
        // What was asked for is known even where the rest of the line does not parse.
        var form = parsed?.GetValue(CommonOptions.Output) ?? FormOf(arguments);
        ErrorWriter.Write(
            terminal,
            error with
            {
                Try = error.Try ?? ErrorPages.NextStep(error.Reason),
            },
            asJson: form is "json" or "jsonl" || !terminal.ErrorIsTerminal
        );
        return error.ExitCode;
    }

    private static string? FormOf(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i < arguments.Count - 1; i++)
            if (arguments[i] is "-o" or "--output")
                return arguments[i + 1];
        return null;
    }

    private static CliError Bug(Exception failure, IReadOnlyList<string> arguments) =>
        new(Reason.InternalFault, $"Unexpected failure: {failure.GetType().Name}.")
        {
            Exit = ExitCode.Bug,
            Details = arguments.Contains("--debug") ? failure.ToString().Split('\n') : [],
            Try = "repeat the command with --debug and report what it prints",
        };
}
