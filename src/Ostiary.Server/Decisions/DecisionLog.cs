using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Decisions;

/// <summary>
/// Records decisions as a hash chain of JSON lines. A decision is in the hands of the operating system before <see cref="Record"/> returns, so a killed
/// process loses nothing it acknowledged; the disk is flushed at most once a second.
/// </summary>
public sealed class DecisionLog : IDecisionLog, IDisposable
{
    /// <summary>Lines between two signed checkpoints.</summary>
    public const int CheckpointInterval = 1000;

    private static readonly TimeSpan FlushDelay = TimeSpan.FromSeconds(1);
    private static readonly JsonWriterOptions Options = new() { SkipValidation = true };

    private readonly Lock _gate = new();
    private readonly string _node;
    private readonly TimeProvider _time;
    private readonly Func<ReadOnlyMemory<byte>, string>? _sign;
    private readonly ILogTarget _target;
    private readonly ITimer _flush;
    private readonly ArrayBufferWriter<byte> _line = new(4096);
    private readonly Utf8JsonWriter _json;
    private LogHead _head;
    private int _unsigned;
    private int _nextCheckpoint;
    private bool _flushPending;
    private bool _disposed;

    internal DecisionLog(string node, TimeProvider time, Func<ReadOnlyMemory<byte>, string>? sign, Func<Func<LogHead, string?>, ILogTarget> target)
    {
        _node = node;
        _time = time;
        _sign = sign;
        _json = new Utf8JsonWriter(_line, Options);
        _target = target(head => _sign?.Invoke(LogCheckpoint.Payload(LogCheckpoint.Retention, _node, head, _time.GetUtcNow())));
        _head = _target.Head;
        // A killed process has left lines without a checkpoint.
        _nextCheckpoint = _head.Seq > 0 ? 1 : CheckpointInterval;
        _flush = time.CreateTimer(_ => Flush(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Reader = new LogReader(_target, time);
    }

    /// <summary>
    /// The log of one node in <paramref name="directory"/><c>/events</c>. <paramref name="sign"/> makes a compact JWS of type <see cref="LogCheckpoint.Type"/>
    /// with the active ES256 key. Throws <see cref="StoreException"/> where it cannot be opened.
    /// </summary>
    public static DecisionLog Open(
        string directory,
        string node,
        TimeProvider time,
        Func<ReadOnlyMemory<byte>, string>? sign = null,
        LogRetention? retention = null
    )
    {
        var name = FileNameOf(node);
        var path = Path.Combine(directory, "events");
        try
        {
            return new DecisionLog(name, time, sign, prove => new LogFiles(path, name, retention ?? new LogRetention(), prove));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(Reason.LogUnavailable, $"The event log in {path} cannot be opened.", fault);
        }
    }

    /// <summary>Keeps the newest lines in memory, for servers without a data directory.</summary>
    public static DecisionLog InMemory(TimeProvider time, Func<ReadOnlyMemory<byte>, string>? sign = null, int lines = 16 * 1024) =>
        new("memory", time, sign, _ => new LogMemory("memory", lines));

    /// <summary>Reads this log while it is written.</summary>
    public IEventLog Reader { get; }

    /// <summary>Set where the end of the log was damaged (a power cut) and moved aside at opening: the file that has it. Worth a warning.</summary>
    public string? MovedAside => (_target as LogFiles)?.MovedAside;

    public void Reserve()
    {
        lock (_gate)
        {
            if (_disposed)
                throw Unavailable(null);
            try
            {
                _target.Reserve();
            }
            catch (IOException fault)
            {
                throw Unavailable(fault);
            }
        }
    }

    public void Record(DecisionRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        lock (_gate)
        {
            if (_disposed)
                throw Unavailable(null);
            Begin(record.At);
            DecisionRecordJson.Write(_json, record);
            End();
            _unsigned++;
            if (_unsigned >= _nextCheckpoint)
                TryCheckpoint();
            if (_flushPending)
                return;
            _flushPending = true;
            _flush.Change(FlushDelay, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Signs where the chain stands now, for example with the successor of a revoked key.</summary>
    public void Checkpoint()
    {
        lock (_gate)
        {
            if (!_disposed)
                TryCheckpoint();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            if (_unsigned > 0)
                TryCheckpoint();
            _disposed = true;
        }
        _flush.Dispose();
        Flush();
        _target.Dispose();
        _json.Dispose();
    }

    private void Begin(DateTimeOffset at)
    {
        _line.ResetWrittenCount();
        _json.Reset(_line);
        LogLine.Begin(_json, _head, at);
    }

    private void End()
    {
        _json.Flush();
        var head = LogLine.End(_line, _head);
        try
        {
            _target.Append(_line.WrittenSpan, head);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw Unavailable(fault);
        }
        _head = head;
    }

    // The decisions are recorded already: a checkpoint that fails is tried again later and refuses nothing.
    private void TryCheckpoint()
    {
        _nextCheckpoint = _unsigned + CheckpointInterval / 10;
        if (_sign is null)
            return;
        try
        {
            var now = _time.GetUtcNow();
            var signed = _sign(LogCheckpoint.Payload(LogCheckpoint.Chain, _node, _head, now));
            Begin(now);
            _json.WriteString("act"u8, "checkpoint"u8);
            _json.WriteString("checkpoint"u8, signed);
            End();
            _unsigned = 0;
            _nextCheckpoint = CheckpointInterval;
        }
        catch (Exception fault) when (fault is StoreException or CryptographicException or InvalidOperationException)
        {
            // Also where the key ring has no key at this moment.
        }
    }

    private void Flush()
    {
        lock (_gate)
            _flushPending = false;
        try
        {
            _target.Flush();
        }
        catch (ObjectDisposedException)
        {
            // The file was full: it was flushed when the next one was begun.
        }
        catch (IOException)
        {
            // The target takes nothing any more, so the next decision is refused.
        }
    }

    // Host names have dots, and who knows what else.
    private static string FileNameOf(string node)
    {
        var name = string.Concat(node.Take(64).Select(c => char.IsAsciiLetterOrDigit(c) || c == '_' ? c : '-'));
        return name.Length == 0 ? "node" : name;
    }

    private static StoreException Unavailable(Exception? fault) =>
        new(Reason.LogUnavailable, "The event log cannot be written, so nothing may be issued.", fault);
}
