using Ostiary.Cli.ConfigurationFiles;
using Ostiary.Cli.Errors;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;

namespace Ostiary.Cli.Commands;

/// <summary>Checks a configuration file alone: nothing but what it names exists.</summary>
internal static class OfflineConfiguration
{
    public static void Check(ConfigurationText text)
    {
        if (!text.IsOfSeveral)
            CheckOne(text);
        else
            foreach (var (_, part) in text.Parts())
                CheckOne(part);
    }

    private static void CheckOne(ConfigurationText text)
    {
        var read = ConfigurationFile.Read(text.Json, onLoopback: true, out var faults);
        if (read is not null)
            faults = read.CheckReferences();
        if (faults.Count > 0)
            throw new CliException(
                new(faults.Count == 1 ? faults[0].Reason : Reason.ConfigurationInvalid, $"{text.File} is not valid: {Count(faults.Count)}.")
                {
                    Exit = ExitCode.Usage,
                    Details = [.. faults.Select(f => text.Locate(f.Path, f.ToString()))],
                }
            );
    }

    private static string Count(int faults) => faults == 1 ? "one fault" : $"{faults} faults";
}
