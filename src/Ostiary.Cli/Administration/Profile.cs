using System.Text.Json;
using Ostiary.Cli.Commands;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;
using Ostiary.Protocol.Jose;

namespace Ostiary.Cli.Administration;

/// <summary>
/// A named way to a server, from <c>~/.config/ostiary/profiles.json</c>: <c>{"live": {"server": "https://id.example", "token_file": "…"}}</c>. Flags and
/// variables win over it. It names where a token is and never holds one.
/// </summary>
internal sealed record Profile(string? Server, string? Data, string? TokenFile, string? Timeout)
{
    private static readonly string[] Members = ["server", "data", "token_file", "timeout"];
    private static readonly Profile None = new(null, null, null, null);

    /// <summary>Where the command line keeps what it keeps of a person.</summary>
    public static string Directory =>
        Path.Combine(
            Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } config
                ? config
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config"),
            "ostiary"
        );

    private static string File => Path.Combine(Directory, "profiles.json");

    public static Profile Of(Invocation invocation)
    {
        var name = invocation.Value(CommonOptions.Profile) ?? Environment.GetEnvironmentVariable("OSTIARY_PROFILE");
        if (string.IsNullOrEmpty(name))
            return None;
        if (!StrictJson.TryParseObject(JsonInput.Read(File), out var document))
            throw CliException.Input($"{File} is not a JSON object.");
        using (document)
        {
            var root = document.RootElement;
            if (!root.TryGetProperty(name, out var profile) || profile.ValueKind != JsonValueKind.Object)
                throw CliException.Usage(
                    $"There is no profile '{Printable.Of(name)}' in {File}.",
                    $"--profile {string.Join('|', root.EnumerateObject().Select(p => p.Name))}"
                );
            foreach (var member in profile.EnumerateObject())
                if (!Members.Contains(member.Name) || member.Value.ValueKind != JsonValueKind.String)
                    throw CliException.Input(
                        $"The profile '{name}' in {File} has the member '{Printable.Of(member.Name)}'; known are the texts {string.Join(", ", Members)}."
                    );
            return new(Text(profile, "server"), Text(profile, "data"), Text(profile, "token_file"), Text(profile, "timeout"));
        }
    }

    /// <summary>The token in its file, which nobody else may read.</summary>
    public string? Token()
    {
        if (TokenFile is null)
            return null;
        var text = System.Text.Encoding.ASCII.GetString(JsonInput.Read(TokenFile)).Trim();
        if ((System.IO.File.GetUnixFileMode(TokenFile) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != 0)
            throw CliException.Input($"The token file '{TokenFile}' can be read by others.", $"chmod 600 {TokenFile}");
        return text.Length == 0 ? null : text;
    }

    private static string? Text(JsonElement profile, string name) => profile.TryGetProperty(name, out var value) ? value.GetString() : null;
}
