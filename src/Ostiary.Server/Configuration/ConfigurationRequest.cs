using System.Text.Json;

namespace Ostiary.Server.Configuration;

/// <summary>The body of <c>/config/validate</c> and <c>/config/apply</c>: a configuration, and with it the secrets that it refers to.</summary>
public static class ConfigurationRequest
{
    /// <summary>Looks the references up where the caller is. What cannot be found is left out; the answer then names it.</summary>
    public static JsonElement Of(JsonElement configuration, ISecretSource secrets, bool prune) =>
        JsonMerge.Build(json =>
        {
            json.WriteStartObject();
            json.WritePropertyName("configuration");
            configuration.WriteTo(json);
            json.WriteStartObject("secrets");
            foreach (
                var reference in References(configuration, "clients", "client_secret")
                    .Concat(References(configuration, "users", "password"))
                    .Distinct()
            )
            {
                if (secrets.TryRead(reference, out var secret))
                    json.WriteString(reference.ToString(), secret);
            }
            json.WriteEndObject();
            if (prune)
                json.WriteBoolean("prune", true);
            json.WriteEndObject();
        });

    private static IEnumerable<SecretReference> References(JsonElement configuration, string list, string member)
    {
        if (
            configuration.ValueKind != JsonValueKind.Object
            || !configuration.TryGetProperty(list, out var items)
            || items.ValueKind != JsonValueKind.Array
        )
            yield break;
        foreach (var item in items.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty(member, out var value) || value.ValueKind != JsonValueKind.Object)
                continue;
            foreach (var kind in new[] { "file", "env" })
            {
                if (value.TryGetProperty(kind, out var name) && name.ValueKind == JsonValueKind.String)
                    yield return new(kind, name.GetString()!);
            }
        }
    }
}
