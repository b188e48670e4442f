using System.CommandLine;
using System.Text.Json;
using Ostiary.Cli.Administration;
using Ostiary.Cli.ConfigurationFiles;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Commands;

/// <summary><c>ostiary config</c>: the configuration as code. Export after apply is the same file.</summary>
internal static class ConfigCommands
{
    private static readonly Argument<string> File = new("FILE") { Description = "The configuration, in JSON or YAML" };
    private static readonly Option<bool> Prune = new("--prune") { Description = "Delete what the file does not name (needs --yes)" };
    private static readonly Column[] Changes = [new("KIND", "kind"), new("ACT", "act"), new("ID", "id")];
    private static readonly Column[] MadeForApis = [new("API", "identifier"), new("SECRET", "api_secret")];
    private static readonly Column[] Made = [new("CLIENT", "client_id"), new("SECRET", "client_secret")];

    public static Noun Create() =>
        new(
            "config",
            "Configuration as code",
            new Verb("validate", "Check a configuration file, changing nothing", ValidateAsync).With(File).Administers(),
            new Verb("apply", "Bring the server's configuration to what a file says", ApplyAsync).With(File, Prune, CommonOptions.Yes).Administers(),
            new Verb("export", "Print the server's configuration, without secrets", ExportAsync)
            {
                Examples = ["ostiary config export > ostiary.json", "ostiary config export -o yaml > ostiary.yaml"],
            }.Administers()
        );

    private static async Task<int> ValidateAsync(Invocation invocation)
    {
        var configuration = ConfigurationText.Read(invocation.Value(File));
        if (Offline(invocation))
        {
            OfflineConfiguration.Check(configuration);
            invocation.Terminal.Note($"{invocation.Value(File)} is valid by itself");
            return 0;
        }
        await ValidateAsync(invocation, configuration);
        invocation.Terminal.Note($"{invocation.Value(File)} is valid");
        return 0;
    }

    private static Task<IReadOnlyList<(string? Issuer, JsonElement Answer)>> ValidateAsync(Invocation invocation, ConfigurationText configuration) =>
        ConfigurationParts.EachAsync(invocation, configuration, (channel, part) => ConfigurationUpload.ValidateAsync(channel, part, invocation.Stop));

    /// <summary>No server was named: the file is checked alone.</summary>
    private static bool Offline(Invocation invocation) =>
        invocation.Value(CommonOptions.Data) is null
        && invocation.Value(CommonOptions.Server) is null
        && invocation.Value(CommonOptions.Profile) is null
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OSTIARY_PROFILE"))
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OSTIARY_SERVER"));

    private static async Task<int> ApplyAsync(Invocation invocation)
    {
        var prune = invocation.Value(Prune);
        if (prune && !invocation.Value(CommonOptions.Yes) && !invocation.Value(CommonOptions.DryRun))
            throw new CliException(
                new(Reason.ConfirmationNeeded, "--prune deletes clients, APIs and users that the file does not name.")
                {
                    Try = $"ostiary config apply {invocation.Value(File)} --prune --yes",
                }
            );
        var file = ConfigurationText.Read(invocation.Value(File));
        // What is wrong for one of several is told before anything is changed for another.
        if (file.IsOfSeveral && !invocation.Value(CommonOptions.DryRun))
            await ValidateAsync(invocation, file);
        var answers = await ConfigurationParts.EachAsync(
            invocation,
            file,
            (channel, part) => ConfigurationUpload.ApplyAsync(channel, part, prune, invocation.Stop)
        );
        if (invocation.Form is OutputForm.Json or OutputForm.Yaml && answers.Any(a => a.Issuer is not null))
            invocation.Results.One(JsonForms.Object(json => WriteAll(json, answers)), "issuers");
        else
            foreach (var (issuer, answer) in answers)
                Show(issuer, answer, invocation);
        return 0;
    }

    private static void WriteAll(Utf8JsonWriter json, IReadOnlyList<(string? Issuer, JsonElement Answer)> answers)
    {
        json.WriteStartArray("issuers");
        foreach (var (issuer, answer) in answers)
        {
            json.WriteStartObject();
            json.WriteString("issuer", issuer);
            foreach (var member in answer.EnumerateObject())
                member.WriteTo(json);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Show(string? issuer, JsonElement answer, Invocation invocation)
    {
        if (invocation.Form is not OutputForm.Table)
        {
            invocation.Results.One(answer, "revision");
            return;
        }
        invocation.Results.Rows([.. Changes.Select(c => c.Heading)], Rows(answer.GetProperty("changes"), Changes));
        if (answer.GetProperty("client_secrets") is var made && made.GetArrayLength() > 0)
            invocation.Results.Rows([.. Made.Select(c => c.Heading)], Rows(made, Made));
        if (answer.TryGetProperty("api_secrets", out var shared))
            invocation.Results.Rows([.. MadeForApis.Select(c => c.Heading)], Rows(shared, MadeForApis));
        var of = issuer is null ? "" : Printable.Of(issuer) + ": ";
        invocation.Terminal.Note($"{of}revision {answer.GetProperty("revision")}, {answer.GetProperty("changes").GetArrayLength()} changes");
    }

    private static IReadOnlyList<IReadOnlyList<string>> Rows(JsonElement items, Column[] columns) =>
        [.. items.EnumerateArray().Select(i => (IReadOnlyList<string>)[.. columns.Select(c => c.Of(i))])];

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
