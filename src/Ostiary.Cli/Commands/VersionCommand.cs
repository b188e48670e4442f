using System.Reflection;
using System.Runtime.InteropServices;
using Ostiary.Cli.Output;

namespace Ostiary.Cli.Commands;

/// <summary><c>ostiary version</c>. The commit is known where the build knew it.</summary>
internal static class VersionCommand
{
    private static readonly string[] Informational = (
        typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0"
    ).Split('+', 2);

    public static string Number => Informational[0];

    public static Verb Create() => new("version", "Print the version, the runtime and the commit", Run);

    private static Task<int> Run(Invocation invocation)
    {
        if (invocation.Form is OutputForm.Id)
            invocation.Terminal.Result.WriteLine(Number);
        else if (invocation.Form is OutputForm.Table && invocation.Terminal.OutputIsTerminal)
            invocation.Terminal.Result.WriteLine(
                $"ostiary {Number}  {RuntimeInformation.FrameworkDescription}  {RuntimeInformation.RuntimeIdentifier}"
                    + (Informational.Length > 1 ? $"  commit {Informational[1][..Math.Min(12, Informational[1].Length)]}" : "")
            );
        else
            invocation.Results.One(
                JsonForms.Object(json =>
                {
                    json.WriteString("version", Number);
                    json.WriteString("runtime", RuntimeInformation.FrameworkDescription);
                    json.WriteString("platform", RuntimeInformation.RuntimeIdentifier);
                    json.WriteString("commit", Informational.Length > 1 ? Informational[1] : null);
                }),
                "version"
            );
        return Task.FromResult(0);
    }
}
