using System.CommandLine;
using Ostiary.Cli.Errors;

namespace Ostiary.Cli.Commands;

/// <summary><c>ostiary completion SHELL</c>: a script made from the command tree; it starts no process while completing.</summary>
internal static class CompletionCommand
{
    private static readonly Argument<string> Shell = new("SHELL") { Description = "bash, zsh, fish or pwsh" };

    public static Verb Create()
    {
        Shell.CompletionSources.Add("bash", "zsh", "fish", "pwsh");
        return new Verb("completion", "Print a completion script for a shell", Run)
        {
            Examples =
            [
                "ostiary completion bash > /etc/bash_completion.d/ostiary",
                "ostiary completion fish > ~/.config/fish/completions/ostiary.fish",
            ],
        }.With(Shell);
    }

    private static Task<int> Run(Invocation invocation)
    {
        var words = Words(CommandTree.Build(), "").ToList();
        invocation.Terminal.Result.Write(
            invocation.Value(Shell) switch
            {
                "bash" => CompletionScripts.Bash(words),
                "zsh" => CompletionScripts.Zsh(words),
                "fish" => CompletionScripts.Fish(words),
                "pwsh" => CompletionScripts.PowerShell(words),
                var other => throw CliException.Usage($"There is no completion script for '{other}'.", "ostiary completion bash, zsh, fish or pwsh"),
            }
        );
        return Task.FromResult(0);
    }

    /// <summary>For each path of commands: what may come next.</summary>
    private static IEnumerable<(string Path, IReadOnlyList<string> Next)> Words(Command command, string path)
    {
        yield return (
            path,
            [
                .. UsageFaults.Visible(command).Select(c => c.Name),
                .. command.Arguments.SelectMany(a => a.GetCompletions(System.CommandLine.Completions.CompletionContext.Empty)).Select(c => c.Label),
                .. HelpText.OptionsOf(command).Select(o => o.Name),
            ]
        );
        foreach (var child in UsageFaults.Visible(command))
        foreach (var words in Words(child, path.Length == 0 ? child.Name : $"{path} {child.Name}"))
            yield return words;
    }
}
