using System.Buffers;

namespace Ostiary.Server.Decisions;

/// <summary>Where lines of one node are kept.</summary>
internal interface ILogTarget : ILogSource, IDisposable
{
    /// <summary>The last line that was there at opening.</summary>
    LogHead Head { get; }

    /// <summary>Makes sure of space for many lines, or throws.</summary>
    void Reserve();

    /// <summary>All of the line or, where it throws, nothing of it.</summary>
    void Append(ReadOnlySpan<byte> line, LogHead head);

    /// <summary>Makes everything appended durable.</summary>
    void Flush();
}

/// <summary>Where lines are read from: one chain per node.</summary>
internal interface ILogSource
{
    IReadOnlyList<LogChain> Chains();
}

/// <summary>The retained lines of a node, oldest segment first.</summary>
internal sealed record LogChain(string Node, LogAnchor Anchor, IReadOnlyList<LogSegment> Segments);

internal sealed record LogSegment(string Name, Func<Stream> Open);

/// <summary>The line before the first retained one, and the signed statement that retention removed up to it.</summary>
internal sealed record LogAnchor(LogHead Head, string? Proof, string Name)
{
    public static LogAnchor None { get; } = new(LogHead.Genesis, null, "");
}

/// <summary>Keeps the newest lines in memory, in pages; a full set of pages drops its oldest.</summary>
internal sealed class LogMemory(string node, int lines) : ILogTarget
{
    private const int LinesPerPage = 256;
    private readonly Lock _gate = new();
    private readonly Queue<Page> _pages = new();
    private Page? _last;
    private LogHead _dropped = LogHead.Genesis;
    private int _number;

    public LogHead Head => LogHead.Genesis;

    public void Reserve() { }

    public void Append(ReadOnlySpan<byte> line, LogHead head)
    {
        lock (_gate)
        {
            if (_last is null || _last.Lines == LinesPerPage)
                _pages.Enqueue(_last = new Page($"memory-{++_number:000000}"));
            _last.Add(line, head);
            while ((_pages.Count - 1) * LinesPerPage > lines)
                _dropped = _pages.Dequeue().Head;
        }
    }

    public IReadOnlyList<LogChain> Chains()
    {
        lock (_gate)
            return [new LogChain(node, new LogAnchor(_dropped, null, ""), [.. _pages.Select(page => new LogSegment(page.Name, () => Copy(page)))])];
    }

    public void Flush() { }

    public void Dispose() { }

    private MemoryStream Copy(Page page)
    {
        lock (_gate)
            return page.Copy();
    }

    private sealed class Page(string name)
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();

        public string Name => name;
        public int Lines { get; private set; }
        public LogHead Head { get; private set; }

        public void Add(ReadOnlySpan<byte> line, LogHead head)
        {
            _bytes.Write(line);
            Head = head;
            Lines++;
        }

        public MemoryStream Copy() => new(_bytes.WrittenSpan.ToArray(), writable: false);
    }
}
