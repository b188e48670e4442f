using System.Globalization;
using System.Text.Json;
using Ostiary.AspNetCore.Observation;

namespace Ostiary.Cli.Demo.Report;

/// <summary>A token as the trace holds it (<c>{header} . {claims}</c>), taken apart so that each member can be explained.</summary>
internal sealed record TokenMember(string Part, string Name, string Value)
{
    private const string Between = "} . {";

    /// <summary>Null where the value is not a decoded token.</summary>
    public static IReadOnlyList<TokenMember>? Read(string value)
    {
        var at = value.IndexOf(Between, StringComparison.Ordinal);
        if (!value.StartsWith('{') || at < 0)
            return null;
        var members = new List<TokenMember>();
        return Add(members, "header", value[..(at + 1)]) && Add(members, "claims", value[(at + Between.Length - 1)..]) ? members : null;
    }

    private static bool Add(List<TokenMember> members, string part, string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            foreach (var member in document.RootElement.EnumerateObject())
                members.Add(new TokenMember(part, member.Name, Shown(member)));
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string Shown(JsonProperty member) =>
        member.Name is "exp" or "iat" or "nbf" or "auth_time" && member.Value.TryGetInt64OrNull() is >= 0 and < 253_402_300_800 and var seconds
            ? $"{seconds} ({DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("HH:mm:ss 'UTC'", CultureInfo.InvariantCulture)})"
        : member.Name is "nonce" && member.Value.ToString() is { Length: > 5 } nonce ? SecretTag.Of(nonce)
        : member.Value.ToString();
}

file static class Numbers
{
    public static long? TryGetInt64OrNull(this JsonElement element) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out var number) ? number : null;
}
