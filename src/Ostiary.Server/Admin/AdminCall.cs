using System.Globalization;
using System.Text;
using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;

namespace Ostiary.Server.Admin;

/// <summary>A request that has found its operation: path values, query and body are read; what the record is to name is noted here.</summary>
internal sealed class AdminCall(AdminRequest request, IReadOnlyList<string> values, JsonElement body)
{
    public const int MaxLimit = 500;
    private const int UsualLimit = 100;

    public AdminRequest Request { get; } = request;
    public JsonElement Body { get; } = body;

    /// <summary>The first value of the path: the object's id.</summary>
    public string Id => values[0];

    /// <summary>The second value of the path.</summary>
    public string Part => values[1];

    public string? Item { get; set; } = values.Count > 0 ? values[^1] : null;
    public string? ClientId { get; set; }
    public string? Subject { get; set; }
    public string? GrantId { get; set; }
    public string? SessionId { get; set; }
    public string? Change { get; set; }

    public string? Query(string name) => Request.Query.FirstOrDefault(p => p.Key == name).Value;

    public bool TryPage(out int limit, out string? after, out AdminRefusal? refusal)
    {
        (limit, after, refusal) = (UsualLimit, null, null);
        if (
            Query("limit") is { } text
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is 0 or > MaxLimit)
        )
            refusal = new(Reason.AdminRequestMalformed, $"limit: must be a whole number from 1 to {MaxLimit}.");
        else if (Query("cursor") is { } cursor && !AdminCursor.TryRead(cursor, out after))
            refusal = new(Reason.AdminRequestMalformed, "cursor: is not one that a list has given.", "Take the member 'next' of the page before.");
        return refusal is null;
    }

    /// <summary>Reads the body's members and returns the faults, those of unknown members included.</summary>
    public AdminRefusal? Read(Action<DocumentReader> read)
    {
        var faults = new List<ConfigurationFault>();
        var reader = new DocumentReader(Body, "", faults);
        read(reader);
        reader.Finish();
        return faults.Count == 0 ? null : AdminRefusal.Of(faults);
    }
}

/// <summary>Where the next page begins: opaque to callers.</summary>
internal static class AdminCursor
{
    public static string Write(string after) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(after));

    public static bool TryRead(string cursor, out string? after)
    {
        after = null;
        if (cursor.Length > 2000 || !Ostiary.Protocol.Jose.Base64UrlText.TryDecode(cursor, out var bytes) || !System.Text.Unicode.Utf8.IsValid(bytes))
            return false;
        after = Encoding.UTF8.GetString(bytes);
        return true;
    }
}
