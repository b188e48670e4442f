using System.Text;
using System.Text.Json;
using Ostiary.Cli.Commands;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.ConfigurationFiles;

/// <summary>A configuration file, in JSON or YAML: what it says as JSON, and where each member of it stands.</summary>
internal sealed class ConfigurationText
{
    private const string Issuers = "issuers";
    private readonly TextPlaces _places;
    private readonly string _prefix;

    private ConfigurationText(string file, byte[] json, TextPlaces places, string prefix = "") =>
        (File, Json, _places, _prefix) = (file, json, places, prefix);

    public string File { get; }
    public byte[] Json { get; }
    public JsonElement Root => JsonForms.Parse(Json);

    /// <summary>
    /// What it says of one of several issuers: <c>{"issuers": [{"issuer": "https://…", "configuration": {…}}]}</c>, where each has the form that a file for one
    /// issuer has alone.
    /// </summary>
    public ConfigurationText PartOf(string issuer)
    {
        foreach (var (name, part) in Parts())
            if (name.TrimEnd('/') == issuer.TrimEnd('/'))
                return part;
        throw Malformed(Issuers, $"The issuer {Printable.Of(issuer)} is not in it.");
    }

    /// <summary>Whether it is one for several issuers.</summary>
    public bool IsOfSeveral => Root is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty(Issuers, out _);

    /// <summary>All its parts, in the order of the file.</summary>
    public IReadOnlyList<(string Issuer, ConfigurationText Part)> Parts()
    {
        if (!Root.TryGetProperty(Issuers, out var parts) || parts.ValueKind != JsonValueKind.Array || Root.EnumerateObject().Count() != 1)
            throw Malformed(Issuers, "A server of several issuers needs one list of issuers in its configuration, and nothing else.");
        var found = new List<(string, ConfigurationText)>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, part) in parts.EnumerateArray().Index())
        {
            var path = TextPlaces.Item(Issuers, index);
            if (
                part.ValueKind != JsonValueKind.Object
                || part.EnumerateObject().Count() != 2
                || !part.TryGetProperty("issuer", out var name)
                || name.ValueKind != JsonValueKind.String
                || !part.TryGetProperty("configuration", out var configuration)
                || configuration.ValueKind != JsonValueKind.Object
            )
                throw Malformed(path, "An item has two members, the text issuer and the object configuration.");
            var issuer = name.GetString()!;
            if (!names.Add(issuer.TrimEnd('/')))
                throw Malformed(path, $"The issuer {Printable.Of(issuer)} stands there twice.");
            found.Add((issuer, new(File, Encoding.UTF8.GetBytes(configuration.GetRawText()), _places, path + ".configuration")));
        }
        return found;
    }

    private CliException Malformed(string path, string message) =>
        new(
            new(Reason.ConfigurationInvalid, Locate(path, message))
            {
                Exit = ExitCode.Usage,
                Try = """{"issuers": [{"issuer": "https://id.example/tenant", "configuration": {"clients": []}}]}""",
            }
        );

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
    public string Locate(string path, string text) =>
        _places.Of(_prefix.Length == 0 ? path : $"{_prefix}.{path}") is { } place ? $"{File}:{place}: {text}" : $"{File}: {text}";

    /// <summary>By its name; a file of another name by its first character, since a mapping of YAML is rarely written with braces.</summary>
    private static bool IsYaml(string file, ReadOnlySpan<byte> utf8) =>
        Path.GetExtension(file).ToLowerInvariant() switch
        {
            ".yaml" or ".yml" => true,
            ".json" => false,
            _ => utf8.TrimStart(" \t\r\n"u8) is not [(byte)'{', ..],
        };
}
