using System.Text.Json;

namespace Ostiary.Server.Tokens;

/// <summary>The claim <c>act</c>: who acts for the subject, and within it who acted before; and the one who may. RFC 8693 §4.1</summary>
internal static class ActorChain
{
    /// <summary>A chain that is longer says nothing any more, and makes tokens large.</summary>
    public const int MaxDepth = 4;

    public static void Write(Utf8JsonWriter json, IReadOnlyList<string> actors)
    {
        foreach (var actor in actors)
        {
            json.WriteStartObject("act");
            json.WriteString("sub", actor);
        }
        foreach (var _ in actors)
            json.WriteEndObject();
    }

    /// <summary>The claim <c>may_act</c>: the one who may become the actor. RFC 8693 §4.4</summary>
    public static void WritePermitted(Utf8JsonWriter json, string? actor)
    {
        if (actor is null)
            return;
        json.WriteStartObject("may_act");
        json.WriteString("sub", actor);
        json.WriteEndObject();
    }

    public static string? ReadPermitted(JsonElement claims) =>
        claims.TryGetProperty("may_act", out var actor) && actor.ValueKind == JsonValueKind.Object && actor.TryGetProperty("sub", out var subject)
            ? subject.GetString()
            : null;

    public static IReadOnlyList<string> Read(JsonElement claims)
    {
        var actors = new List<string>();
        while (claims.TryGetProperty("act", out var actor) && actor.ValueKind == JsonValueKind.Object && actors.Count < MaxDepth)
        {
            actors.Add(actor.TryGetProperty("sub", out var subject) ? subject.GetString() ?? "" : "");
            claims = actor;
        }
        return actors;
    }
}
