using System.CommandLine;
using Ostiary.Cli.Diagnosis;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;

namespace Ostiary.Cli.Commands;

/// <summary><c>ostiary doctor</c>: what is wrong with this machine, this data directory, this server, each with its fix.</summary>
internal static class DoctorCommand
{
    private static readonly Option<string?> Data = new("--data") { Description = "The data directory to look at", HelpName = "DIR" };
    private static readonly Option<string?> Server = new("--server")
    {
        Description = "The server to look at (also OSTIARY_SERVER)",
        HelpName = "URL",
    };
    private static readonly Option<string?> Config = new("--config") { Description = "The configuration file to look at", HelpName = "FILE" };

    public static Verb Create() => new Verb("doctor", "Check the machine, the data directory and the server", RunAsync).With(Data, Server, Config);

    private static async Task<int> RunAsync(Invocation invocation)
    {
        var findings = new List<Finding>();
        findings.AddRange(MachineChecks.Run());
        var data = invocation.Value(Data) ?? (Directory.Exists(ServeCommand.DefaultData) ? ServeCommand.DefaultData : null);
        if (data is not null)
            findings.AddRange(await DataDirectoryChecks.RunAsync(Path.GetFullPath(data), invocation.Stop));
        if (invocation.Value(Config) is { } file)
            findings.Add(ConfigurationCheck.Run(file));
        var server = invocation.Value(Server) ?? Environment.GetEnvironmentVariable("OSTIARY_SERVER");
        if (!string.IsNullOrEmpty(server))
            findings.AddRange(await ServerChecks.RunAsync(server, invocation.Stop));
        Write(findings, invocation);
        return findings.Any(f => f.Outcome == Outcome.Fail) ? ExitCode.Findings : ExitCode.Done;
    }

    private static void Write(List<Finding> findings, Invocation invocation)
    {
        if (invocation.Form is OutputForm.Table)
        {
            var ink = invocation.Terminal.OutputInk;
            invocation.Results.Rows(
                ["CHECK", "RESULT", "EVIDENCE", "FIX"],
                [.. findings.Select(f => (IReadOnlyList<string>)[f.Check, f.Word, f.Evidence, f.Fix])]
            );
            // A fix is never cut.
            foreach (var finding in findings.Where(f => f.Outcome != Outcome.Pass && invocation.Terminal.OutputIsTerminal))
                invocation.Terminal.Result.WriteLine(
                    $"\n{(finding.Outcome == Outcome.Fail ? ink.Red(finding.Word) : ink.Yellow(finding.Word))} {finding.Check}: {finding.Evidence}\n  fix  {finding.Fix}"
                );
            return;
        }
        invocation.Results.List(
            JsonForms.Object(json =>
            {
                json.WriteStartArray("items");
                foreach (var finding in findings)
                    finding.WriteTo(json);
                json.WriteEndArray();
            }),
            "check",
            [new("CHECK", "check")]
        );
    }
}
