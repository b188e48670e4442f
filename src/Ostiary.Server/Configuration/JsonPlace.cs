using System.Globalization;
using System.Text.Json;

namespace Ostiary.Server.Configuration;

/// <summary>Says where a text stops being JSON.</summary>
public static class JsonPlace
{
    public static string? FaultOf(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = ConfigurationFile.MaxDepth });
        try
        {
            while (reader.Read()) { }
            return "The same member may stand there twice.";
        }
        catch (JsonException e)
        {
            var (line, column) = ((e.LineNumber ?? 0) + 1, (e.BytePositionInLine ?? 0) + 1);
            return string.Create(CultureInfo.InvariantCulture, $"It stops being JSON at line {line}, byte {column}.");
        }
    }
}
