using System.Text.Json;

namespace Ostiary.Server.Stores;

/// <summary>Steps of a reader over our own JSON. What is not as we write it is a <see cref="JsonException"/>.</summary>
internal static class StoredJson
{
    /// <summary>Moves to the value of the next member of the object the reader is in (or at the start of). False: the object ends.</summary>
    public static bool NextMember(ref Utf8JsonReader reader, out string name)
    {
        name = "";
        if (!reader.Read() || reader.TokenType == JsonTokenType.EndObject)
            return false;
        if (reader.TokenType != JsonTokenType.PropertyName)
            throw new JsonException("An object was expected.");
        name = reader.GetString()!;
        return reader.Read();
    }

    public static string Text(ref Utf8JsonReader reader) => reader.GetString() ?? throw new JsonException("A text was expected.");

    public static T Skip<T>(ref Utf8JsonReader reader, T unchanged)
    {
        reader.Skip();
        return unchanged;
    }
}
