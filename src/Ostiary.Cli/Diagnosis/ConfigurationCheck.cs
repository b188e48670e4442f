using Ostiary.Cli.Commands;
using Ostiary.Cli.Errors;

namespace Ostiary.Cli.Diagnosis;

/// <summary>Whether a configuration file can be read.</summary>
internal static class ConfigurationCheck
{
    public static Finding Run(string file)
    {
        try
        {
            JsonInput.File(file, "--config");
            return Finding.Pass("Configuration", $"{file} can be read");
        }
        catch (CliException failure)
        {
            return new("Configuration", Outcome.Fail, failure.Error.Message, failure.Error.Try ?? $"ostiary config validate {file}");
        }
    }
}
