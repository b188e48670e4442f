using System.Text.Json;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Admin;

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
