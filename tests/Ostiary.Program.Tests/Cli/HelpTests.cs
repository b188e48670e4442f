using System.CommandLine;
using System.Diagnostics;
using Ostiary.Cli.Commands;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;

namespace Ostiary.Program.Tests.Cli;

public sealed class HelpTests
{
    public static TheoryData<string> Shells => new("bash", "zsh", "fish", "pwsh");

    [Fact]
    public async Task Help_of_the_program_lists_commands_and_exit_codes_on_stdout()
    {
        var run = await Program.RunAsync("--help");

        Assert.Equal(0, run.Exit);
        Assert.Equal("", run.Error);
        Assert.Contains("client", run.Output, StringComparison.Ordinal);
        Assert.Contains("130  interrupted", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("jose", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_arguments_show_the_help()
    {
        var run = await Program.RunAsync();

        Assert.Equal(0, run.Exit);
        Assert.Contains("Exit codes", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Help_of_every_command_describes_it_and_lists_every_exit_code()
    {
        foreach (var command in All(CommandTree.Build()))
        {
            var help = new StringWriter();
            HelpText.Write(help, command, new Ink(false));
            Assert.False(string.IsNullOrEmpty(command.Description), command.Name);
            foreach (var (code, meaning) in ExitCode.All)
                Assert.Contains($"{code, 5}  {meaning}", help.ToString(), StringComparison.Ordinal);
            Assert.All(command.Options, o => Assert.False(string.IsNullOrEmpty(o.Description), $"{command.Name} {o.Name}"));
            Assert.All(command.Arguments, a => Assert.False(string.IsNullOrEmpty(a.Description), $"{command.Name} {a.Name}"));
        }
    }

    [Fact]
    public void No_option_takes_the_value_of_a_secret()
    {
        string[] sources = ["--secret-stdin", "--secret-file", "--password-stdin", "--database-password-file"];
        foreach (var option in All(CommandTree.Build()).SelectMany(c => c.Options))
            Assert.True(
                sources.Contains(option.Name)
                    || !(option.Name.Contains("secret", StringComparison.Ordinal) || option.Name.Contains("password", StringComparison.Ordinal)),
                option.Name
            );
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task Completion_knows_every_command_and_option(string shell)
    {
        var run = await Program.RunAsync("completion", shell);

        Assert.Equal(0, run.Exit);
        foreach (var word in new[] { "client", "set-password", "redirect-uri", "introspect" })
            Assert.Contains(word, run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bash", "bash")]
    [InlineData("zsh", "zsh")]
    [InlineData("fish", "fish")]
    public async Task Completion_scripts_parse_where_the_shell_is_there(string shell, string program)
    {
        if (!File.Exists("/bin/" + program) && !File.Exists("/usr/bin/" + program))
            Assert.Skip(program + " is not on this machine");
        var script = (await Program.RunAsync("completion", shell)).Output;
        using var check = Process.Start(new ProcessStartInfo(program, "-n") { RedirectStandardInput = true, RedirectStandardError = true })!;
        await check.StandardInput.WriteAsync(script);
        check.StandardInput.Close();
        var error = await check.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await check.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal("", error);
        Assert.Equal(0, check.ExitCode);
    }

    [Fact]
    public async Task Completion_in_bash_offers_what_may_follow()
    {
        var script =
            (await Program.RunAsync("completion", "bash")).Output
            + "\nCOMP_WORDS=(ostiary client cr); COMP_CWORD=2; _ostiary; echo \"${COMPREPLY[@]}\"\n";
        using var bash = Process.Start(new ProcessStartInfo("bash", "--norc") { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        await bash.StandardInput.WriteAsync(script);
        bash.StandardInput.Close();

        Assert.Equal("create\n", await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    private static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);
}
