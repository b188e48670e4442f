using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Ostiary.Bench.Ceilings;

/// <summary>Parses a JSON object and keeps nothing.</summary>
internal static class BareJson
{
    public static async ValueTask<bool> ReadAsync(HttpContext http)
    {
        using var json = await JsonDocument.ParseAsync(http.Request.Body, default, http.RequestAborted);
        return json.RootElement.ValueKind == JsonValueKind.Object;
    }
}
