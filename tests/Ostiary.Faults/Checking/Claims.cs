using System.Text.Json;
using Ostiary.Protocol.Jose;

namespace Ostiary.Faults.Checking;

/// <summary>What an access token says of itself, as any of its readers sees it.</summary>
internal sealed record Claims(string Id, string Subject, string Client, string Kid)
{
    public static Claims Of(string token)
    {
        if (!Jws.TryReadUnverified(token, out var header, out var payload))
            return new("", "", "", "");
        using var json = JsonDocument.Parse(payload);
        return new(Text(json.RootElement, "jti"), Text(json.RootElement, "sub"), Text(json.RootElement, "client_id"), Text(header, "kid"));
    }

    private static string Text(JsonElement json, string member) => json.TryGetProperty(member, out var value) ? value.ToString() : "";
}
