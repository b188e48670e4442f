using System.CommandLine;
using System.Globalization;
using System.Text;
using Ostiary.Cli.Commands;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;

namespace Ostiary.Program.Tests.Cli;

/// <summary>The reference documents say what the program says.</summary>
public sealed class ReferenceTests
{
    [Fact]
    public void The_reference_of_the_command_line_is_current()
    {
        var path = At("docs/reference/command-line.md");
        var made = Reference();
        if (Environment.GetEnvironmentVariable("WRITE_DOCS") == "1")
            File.WriteAllText(path, made);

        Assert.True(File.ReadAllText(path) == made, $"{path} is not what the program says now. Run this test with WRITE_DOCS=1 to write it.");
    }

    [Fact]
    public void The_reference_of_exit_codes_names_every_one()
    {
        var reference = File.ReadAllText(At("docs/reference/exit-codes.md"));

        foreach (var (code, meaning) in ExitCode.All)
            Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"| {code} | {meaning}"), reference, StringComparison.Ordinal);
    }

    private static string Reference()
    {
        var text = new StringBuilder(
            """
            # Command line

            `ostiary NOUN VERB [ARGS]`, and a few verbs of their own. Results go to stdout, everything else to stderr; on failure stdout is empty.
            Where stdout is no terminal, tables are tab-separated; `-o json` is the form for scripts. Exit codes: [exit-codes.md](exit-codes.md).
            Which server a command administers: [administer a server](../how-to/configuration-as-code.md#which-server).

            Secrets are never arguments: they come from standard input (`--secret-stdin`, `--password-stdin`), a file (`--secret-file`) or the
            environment (`OSTIARY_CLIENT_SECRET`). `OSTIARY_SERVER` and `OSTIARY_TOKEN` name a remote server and the token to administer it with.

            This page is written by a test from the program's help; do not edit it.

            """
        );
        foreach (var command in All(CommandTree.Build()).Where(c => !c.Hidden))
        {
            var help = new StringWriter { NewLine = "\n" };
            HelpText.Write(help, command, new Ink(false));
            var body = help.ToString().Split("\nExit codes\n")[0].TrimEnd();
            text.Append(CultureInfo.InvariantCulture, $"\n## `{UsageFaults.PathOf(command)}`\n\n```text\n{body}\n```\n");
        }
        return text.ToString();
    }

    private static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);

    private static string At(string path)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Ostiary.slnx")))
            folder = folder.Parent!;
        return Path.Combine(folder.FullName, path);
    }
}
