using Ostiary.Cli.Commands;
using Ostiary.Cli.ConfigurationFiles;
using Ostiary.Cli.Errors;

namespace Ostiary.Cli.Diagnosis;

/// <summary>Whether a configuration file can be read.</summary>
internal static class ConfigurationCheck
{
    public static Finding Run(string file)
    {
        try
        {
            OfflineConfiguration.Check(ConfigurationText.Read(file));
            return Finding.Pass("Configuration", $"{file} is valid");
        }
        catch (CliException failure)
        {
            return new(
                "Configuration",
                Outcome.Fail,
                string.Join("; ", failure.Error.Details.Prepend(failure.Error.Message)),
                failure.Error.Try ?? $"ostiary config validate {file}"
            );
        }
    }
}
