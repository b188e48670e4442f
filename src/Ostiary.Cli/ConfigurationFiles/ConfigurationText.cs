using System.Text.Json;
using Ostiary.Cli.Commands;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.ConfigurationFiles;

/// <summary>A configuration file, in JSON or YAML: what it says as JSON, and where each member of it stands.</summary>
internal sealed class ConfigurationText
{
    private readonly TextPlaces _places;

    private ConfigurationText(string file, byte[] json, TextPlaces places) => (File, Json, _places) = (file, json, places);

    public string File { get; }
    public byte[] Json { get; }
    public JsonElement Root => JsonForms.Parse(Json);

    public static ConfigurationText Read(string file)
    {
        var utf8 = JsonInput.Read(file);
        var isYaml = IsYaml(file, utf8);
        try
        {
            if (!isYaml)
                return new(file, utf8, JsonText.Read(utf8));
            var (json, places) = YamlText.Read(utf8);
            return new(file, json, places);
        }
        catch (MalformedTextException fault)
        {
            throw new CliException(
                new(Reason.ConfigurationInvalid, $"{file}:{fault.Place}: {fault.Message}")
                {
                    Exit = ExitCode.Usage,
                    Why = isYaml ? "it is read as YAML, of which only what all readers agree on is taken" : "it is read as JSON",
                    Try = fault.Advice ?? (isYaml ? null : "correct it, or name it .yaml where it is YAML"),
                }
            );
        }
    }

    /// <summary>A fault with its place: <c>ostiary.yaml:12:5: clients[0].redirect_uris[1]: …</c></summary>
    public string Locate(string path, string text) => _places.Of(path) is { } place ? $"{File}:{place}: {text}" : $"{File}: {text}";

    /// <summary>By its name; a file of another name by its first character, since a mapping of YAML is rarely written with braces.</summary>
    private static bool IsYaml(string file, ReadOnlySpan<byte> utf8) =>
        Path.GetExtension(file).ToLowerInvariant() switch
        {
            ".yaml" or ".yml" => true,
            ".json" => false,
            _ => utf8.TrimStart(" \t\r\n"u8) is not [(byte)'{', ..],
        };
}
