using Ostiary.Cli.Errors;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Commands;

/// <summary>What cannot be undone is asked about on a terminal; where nobody can be asked, it needs <c>--yes</c>.</summary>
internal static class Confirmation
{
    public static void Demand(Invocation invocation, string consequence)
    {
        if (invocation.Value(CommonOptions.Yes) || invocation.Value(CommonOptions.DryRun))
            return;
        if (Console.IsInputRedirected || !invocation.Terminal.ErrorIsTerminal)
            throw new CliException(new(Reason.ConfirmationNeeded, $"{consequence} This cannot be undone.") { Try = "repeat the command with --yes" });
        invocation.Terminal.Error.Write($"{consequence} This cannot be undone. Type yes to go on: ");
        invocation.Terminal.Error.Flush();
        if (Console.In.ReadLine()?.Trim() is not ("yes" or "y"))
            throw new CliException(
                new(Reason.ConfirmationNeeded, "It was not confirmed. Nothing was changed.") { Try = "answer yes, or give --yes" }
            );
    }
}
