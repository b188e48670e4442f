using System.Text.Json;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;

namespace Ostiary.Cli.Commands;

/// <summary>JSON and files that were named on the command line.</summary>
internal static class JsonInput
{
    private const int MaxFile = 16 * 1024 * 1024;

    /// <summary><c>NAME=JSON</c>; a value that is not JSON is taken as the text that it is.</summary>
    public static (string Name, JsonElement Value) Member(string text, string option)
    {
        var at = text.IndexOf('=', StringComparison.Ordinal);
        if (at <= 0)
            throw CliException.Usage($"'{Printable.Of(text)}' is not NAME=JSON ({option}).", $"{option} require_pkce=true");
        return (text[..at], Value(text[(at + 1)..]));
    }

    public static JsonElement File(string file, string option)
    {
        try
        {
            return JsonForms.Parse(Read(file));
        }
        catch (JsonException failure)
        {
            throw CliException.Input(
                $"The file '{file}' is not JSON: {failure.Message.Split(" Path:")[0]}",
                option.StartsWith('-') ? $"{option} FILE, with a JSON file" : "name a JSON file"
            );
        }
    }

    public static byte[] Read(string file)
    {
        try
        {
            var info = new FileInfo(file);
            if (info.Exists && info.Length > MaxFile)
                throw CliException.Input($"The file '{file}' is larger than {MaxFile / (1024 * 1024)} MB.");
            return System.IO.File.ReadAllBytes(file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw CliException.Input($"The file '{file}' cannot be read: {failure.Message}");
        }
    }

    private static JsonElement Value(string text)
    {
        try
        {
            return JsonForms.Parse(System.Text.Encoding.UTF8.GetBytes(text));
        }
        catch (JsonException)
        {
            return JsonForms.Object(json => json.WriteString("v", text)).GetProperty("v");
        }
    }
}
