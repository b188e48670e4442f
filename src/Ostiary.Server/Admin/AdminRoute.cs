namespace Ostiary.Server.Admin;

/// <summary>One operation: method, path below <c>/admin/api/v1</c> with <c>{values}</c>, and its name in the record.</summary>
public sealed class AdminRoute
{
    private readonly string[] _segments;

    internal AdminRoute(
        string method,
        string template,
        string operation,
        Func<AdminCall, CancellationToken, ValueTask<AdminResponse>> run,
        params string[] query
    )
    {
        (Method, Template, Operation, Run, Query) = (method, template, operation, run, query);
        _segments = template.Split('/')[1..];
    }

    public string Method { get; }
    public string Template { get; }
    public string Operation { get; }
    public IReadOnlyList<string> Query { get; }
    internal Func<AdminCall, CancellationToken, ValueTask<AdminResponse>> Run { get; }

    /// <summary>Bytes of the body that it reads.</summary>
    internal int MaxBody { get; init; } = 64 * 1024;

    /// <summary>Null: another path. Values are percent-decoded one segment at a time, so a slash inside of one stays inside.</summary>
    internal IReadOnlyList<string>? Match(string[] segments)
    {
        if (segments.Length != _segments.Length)
            return null;
        var values = new List<string>();
        for (var i = 0; i < segments.Length; i++)
        {
            if (!_segments[i].StartsWith('{'))
            {
                if (_segments[i] != segments[i])
                    return null;
                continue;
            }
            var value = Uri.UnescapeDataString(segments[i]);
            if (value.Length is 0 or > 600 || value.Any(char.IsControl))
                return null;
            values.Add(value);
        }
        return values;
    }
}
