using System.CommandLine;
using Ostiary.Cli.Output;

namespace Ostiary.Cli.Commands;

/// <summary><c>ostiary config</c>: the configuration as code. Export after apply is the same file.</summary>
internal static class ConfigCommands
{
    private static readonly Argument<string> File = new("FILE") { Description = "The configuration (JSON)" };

    public static Noun Create() =>
        new(
            "config",
            "Configuration as code",
            new Verb("validate", "Check a configuration file, changing nothing", ValidateAsync).With(File).Administers(),
            new Verb("apply", "Make the server's configuration that of a file", ApplyAsync).With(File).Administers(),
            new Verb("export", "Print the server's configuration, without secrets", ExportAsync)
            {
                Examples = ["ostiary config export > ostiary.json"],
            }.Administers()
        );

    private static async Task<int> ValidateAsync(Invocation invocation)
    {
        await using var channel = await invocation.ChannelAsync();
        await channel.SendAsync(HttpMethod.Post, "/config/validate", JsonInput.File(invocation.Value(File), "FILE"), invocation.Stop);
        invocation.Terminal.Note($"{invocation.Value(File)} is valid");
        return 0;
    }

    private static async Task<int> ApplyAsync(Invocation invocation)
    {
        await using var channel = await invocation.ChannelAsync();
        var answer = await channel.SendAsync(HttpMethod.Put, "/config", JsonInput.File(invocation.Value(File), "FILE"), invocation.Stop);
        if (answer is { } result)
            invocation.Results.One(result, "revision");
        return 0;
    }

    private static async Task<int> ExportAsync(Invocation invocation)
    {
        await using var channel = await invocation.ChannelAsync();
        var answer = (await channel.SendAsync(HttpMethod.Get, "/config", null, invocation.Stop))!.Value;
        if (invocation.Form is OutputForm.Yaml)
            Yaml.Write(invocation.Terminal.Result, answer);
        else
            invocation.Terminal.Result.WriteLine(JsonForms.Indented(answer));
        return 0;
    }
}
