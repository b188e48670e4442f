using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;

namespace Ostiary.Server.Admin;

/// <summary>Who administers. Over the Unix socket and in the same process: the owner of the data directory.</summary>
/// <param name="Subject">The subject of the access token, or null.</param>
/// <param name="TokenId">The <c>jti</c> of the access token, or null.</param>
/// <param name="MayAdminister">False: authenticated, but not allowed.</param>
public sealed record AdminCaller(string? Subject, string? TokenId, bool MayAdminister = true)
{
    public static AdminCaller Owner { get; } = new(null, null);
}

/// <summary>One request of administration, the same over HTTP and in the process.</summary>
/// <param name="Method">GET, POST, PUT, PATCH or DELETE.</param>
/// <param name="Path">Below <c>/admin/api/v1</c>, percent-encoded: <c>/clients/web-1/secrets</c>.</param>
public sealed record AdminRequest(string Method, string Path, AdminCaller Caller)
{
    public IReadOnlyList<KeyValuePair<string, string>> Query { get; init; } = [];

    /// <summary>A JSON object in UTF-8, or nothing.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The revision that the caller has seen; a newer one refuses the change.</summary>
    public long? ExpectedRevision { get; init; }
    public string? Flow { get; init; }
    public string? Network { get; init; }
}

/// <summary>The answer: a JSON text, which is the API contract. <see cref="Reason"/> is null where the request was carried out.</summary>
public sealed record AdminResponse(int Status, ReadOnlyMemory<byte> Body)
{
    public Reason? Reason { get; init; }

    /// <summary>The revision of the configuration that the answer shows; the ETag over HTTP.</summary>
    public long? Revision { get; init; }

    /// <summary>A new object's path below <c>/admin/api/v1</c>.</summary>
    public string? Location { get; init; }

    /// <summary>Where the answer is a stream: JSON objects, one a line.</summary>
    public IAsyncEnumerable<string>? Lines { get; init; }

    /// <summary>The methods that the path takes, where the one of the request is not among them.</summary>
    public string? Allow { get; init; }

    internal static AdminResponse Object(int status, Action<Utf8JsonWriter> members) => new(status, AdminJson.Object(members));

    /// <summary>What was deleted, by its names.</summary>
    internal static AdminResponse Deleted(long revision, params (string Member, string Name)[] what) =>
        Object(
            200,
            json =>
            {
                foreach (var (member, name) in what)
                    json.WriteString(member, name);
                json.WriteBoolean("deleted", true);
            }
        ) with
        {
            Revision = revision,
        };

    /// <summary>Written when it is known under which flow the record has it.</summary>
    internal AdminRefusal? Refusal { get; init; }

    internal static AdminResponse Refused(AdminRefusal refusal) =>
        new(refusal.Status, default)
        {
            Reason = refusal.Reason,
            Allow = refusal.Allow,
            Refusal = refusal,
        };

    internal AdminResponse Under(string flow) => Refusal is null ? this : this with { Body = AdminJson.Of(Refusal, flow) };
}

/// <summary>Why a request was not carried out, for people: what, why, and what to do next.</summary>
internal sealed record AdminRefusal(Reason Reason, string Message, string? Hint = null)
{
    public IReadOnlyList<string> Next { get; init; } = [];
    public IReadOnlyList<ConfigurationFault> Faults { get; init; } = [];
    public string? Allow { get; init; }

    public int Status =>
        Reason switch
        {
            Reason.MethodNotAllowed => 405,
            Reason.ContentTypeUnsupported => 415,
            _ => Refusal.For(Reason).Status,
        };

    public static AdminRefusal Of(Reason reason, string? hint = null) => new(reason, Refusal.For(reason).Text, hint);

    public static AdminRefusal Of(IReadOnlyList<ConfigurationFault> faults)
    {
        var first = faults[0];
        var what = first.Path.Length == 0 ? first.Message : $"{first.Path}: {first.Message}";
        return new(first.Reason, what, first.Hint) { Faults = faults };
    }
}

internal static class AdminJson
{
    /// <summary>Administration answers are read by programs that take JSON, never placed into HTML.</summary>
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static ReadOnlyMemory<byte> Object(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        return buffer.WrittenMemory;
    }

    public static ReadOnlyMemory<byte> Of(AdminRefusal refusal, string flow) =>
        Object(json =>
        {
            json.WriteStartObject("error");
            json.WriteString("code", Refusal.CodeOf(refusal.Reason));
            json.WriteString("kind", Refusal.For(refusal.Reason).Error);
            json.WriteString("message", refusal.Message);
            Text(json, "hint", refusal.Hint);
            json.WriteStartArray("next");
            foreach (var next in refusal.Next)
                json.WriteStringValue(next);
            json.WriteStringValue($"ostiary explain {Refusal.CodeOf(refusal.Reason)}");
            json.WriteEndArray();
            if (refusal.Faults.Count > 0)
                Faults(json, refusal.Faults);
            json.WriteString("flow_id", flow);
            json.WriteEndObject();
        });

    public static void Faults(Utf8JsonWriter json, IReadOnlyList<ConfigurationFault> faults)
    {
        json.WriteStartArray("faults");
        foreach (var fault in faults)
        {
            json.WriteStartObject();
            json.WriteString("path", fault.Path);
            json.WriteString("code", Refusal.CodeOf(fault.Reason));
            json.WriteString("message", fault.Message);
            Text(json, "hint", fault.Hint);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    public static void Text(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }

    public static void Time(Utf8JsonWriter json, string name, DateTimeOffset? value)
    {
        if (value is { } time)
            json.WriteString(name, time.UtcDateTime);
    }

    public static void Span(Utf8JsonWriter json, string name, TimeSpan? value)
    {
        if (value is { } span)
            json.WriteString(name, Duration.Format(span));
    }

    public static void Texts(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
