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
