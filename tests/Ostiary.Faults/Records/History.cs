using System.Text;
using System.Text.Json;

namespace Ostiary.Faults.Records;

/// <summary>The calls of all clients, each written to a file before it is sent and after it is answered.</summary>
internal sealed class History : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<Op> _ops = [];
    private readonly StreamWriter _file;
    private readonly long _start = TimeProvider.System.GetTimestamp();

    public History(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File = path;
        _file = new(path, append: false, new UTF8Encoding(false));
    }

    public string File { get; }

    public double Now => TimeProvider.System.GetElapsedTime(_start).TotalMilliseconds;

    /// <summary>Everything so far; what has no answer yet is unknown.</summary>
    public IReadOnlyList<Op> Ops
    {
        get
        {
            lock (_gate)
                return [.. _ops];
        }
    }

    public Op Begin(Op op)
    {
        lock (_gate)
        {
            var begun = op with { Number = _ops.Count, Begun = Now };
            _ops.Add(begun);
            Write("begin", begun);
            return begun;
        }
    }

    public Op End(Op op)
    {
        lock (_gate)
        {
            // A call without an answer may take effect at any time.
            var ended = op with
            {
                Ended = op.Outcome == Outcome.Unknown ? double.PositiveInfinity : Now,
            };
            _ops[op.Number] = ended;
            Write("end", ended);
            return ended;
        }
    }

    public void Dispose() => _file.Dispose();

    private void Write(string moment, Op op)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("moment", moment);
            json.WriteNumber("number", op.Number);
            json.WriteString("act", op.Act.ToString());
            json.WriteNumber("at", Math.Round(moment == "begin" ? op.Begun : Now, 3));
            foreach (
                var (name, value) in new[]
                {
                    ("family", op.Family),
                    ("item", op.Item),
                    ("user", op.User),
                    ("client", op.Client),
                    ("code", op.Code),
                    ("refresh", op.Refresh),
                    ("access", op.Access),
                    ("text", op.Text),
                }
            )
                if (value.Length > 0)
                    json.WriteString(name, value);
            if (op.Foreign)
                json.WriteBoolean("foreign", true);
            if (moment == "end")
            {
                json.WriteString("outcome", op.Outcome.ToString());
                json.WriteNumber("status", op.Status);
            }
            if (op.Active is { } active)
                json.WriteBoolean("active", active);
            json.WriteEndObject();
        }
        _file.WriteLine(Encoding.UTF8.GetString(buffer.ToArray()));
        _file.Flush();
    }
}
