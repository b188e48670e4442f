using System.Text.Json;
using Ostiary.Protocol.Jose;

namespace Ostiary.Server.Decisions;

/// <summary>Walks chains line by line until one does not hold.</summary>
internal sealed class LogVerifier(JsonWebKeySet? keys)
{
    // With the lines since the last one and those until the successor of a revoked key signs, two intervals can pass.
    private const int LongestUnsigned = 2 * DecisionLog.CheckpointInterval + DecisionLog.CheckpointInterval / 10;

    private static readonly TimeSpan WriteDelay = TimeSpan.FromMilliseconds(20);

    private readonly List<LogChainHead> _heads = [];
    private string _node = "";
    private LogHead _head;
    private long _lines;
    private long _checkpoints;
    private long _unknown;
    private long _unsigned;
    private long _number;

    public LogBreak? Broken { get; private set; }

    public LogVerification Result() => new(_lines, _checkpoints, _unknown, _heads, Broken);

    public async ValueTask CheckAsync(LogChain chain, TimeProvider time, CancellationToken ct)
    {
        (_node, _head, _unsigned) = (chain.Node, chain.Anchor.Head, 0);
        CheckAnchor(chain.Anchor);
        for (var i = 0; i < chain.Segments.Count && Broken is null; i++)
        {
            ct.ThrowIfCancellationRequested();
            var segment = chain.Segments[i];
            using var lines = new LogLines(segment.Open());
            _number = 0;
            Walk(segment.Name, lines);
            // The last line may be on its way.
            if (Broken is null && lines.Rest > 0 && i == chain.Segments.Count - 1)
            {
                await Task.Delay(WriteDelay, time, ct);
                Walk(segment.Name, lines);
            }
            if (Broken is null && lines.Rest > 0)
                Break(segment.Name, _number + 1, "The line is not complete.");
        }
        _heads.Add(new LogChainHead(_node, _head.Seq, _head.Hash, _unsigned));
    }

    private void CheckAnchor(LogAnchor anchor)
    {
        if (keys is null || anchor.Name.Length == 0)
            return;
        var proven = anchor.Proof is null ? false : LogCheckpoint.Verify(anchor.Proof, keys, LogCheckpoint.Retention, _node, anchor.Head);
        if (proven == false)
            Break(anchor.Name, 1, "The removal of older files is not signed.");
        if (proven is null)
            _unknown++;
    }

    private void Walk(string file, LogLines lines)
    {
        while (Broken is null && lines.TryNext(out var line))
        {
            _number++;
            Check(file, line);
        }
    }

    private void Check(string file, ReadOnlySpan<byte> bytes)
    {
        if (!LogLine.TryRead(bytes, out var line))
            Break(file, _number, "The line was changed: it does not have the hash it states.");
        else if (line.Seq > _head.Seq + 1)
            Break(file, _number, $"Lines are missing: {_head.Seq + 1} to {line.Seq - 1}.");
        else if (line.Seq <= _head.Seq)
            Break(file, _number, $"Line {line.Seq} is repeated or out of order.");
        else if (line.Prev != _head.Hash)
            Break(file, _number, "The line does not follow the one before: that was changed or replaced.");
        else
            Accept(file, bytes, line);
    }

    private void Accept(string file, ReadOnlySpan<byte> bytes, LogLine line)
    {
        _unsigned++;
        if (bytes.IndexOf(",\"checkpoint\":\""u8) >= 0)
            CheckSigned(file, bytes);
        if (keys is not null && _unsigned > LongestUnsigned)
            Break(file, _number, "There is no signed checkpoint where there must be one.");
        if (Broken is not null)
            return;
        _lines++;
        _head = line.Head;
    }

    private void CheckSigned(string file, ReadOnlySpan<byte> bytes)
    {
        if (keys is null)
            return;
        var signed = ReadCheckpoint(bytes);
        var proven = signed is null ? false : LogCheckpoint.Verify(signed, keys, LogCheckpoint.Chain, _node, _head);
        if (proven == false)
            Break(file, _number, "The signature of the checkpoint does not hold.");
        if (proven is null)
            _unknown++;
        if (proven != true)
            return;
        _checkpoints++;
        _unsigned = 0;
    }

    private static string? ReadCheckpoint(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var reader = new Utf8JsonReader(bytes);
            using var json = JsonDocument.ParseValue(ref reader);
            return json.RootElement.TryGetProperty("checkpoint"u8, out var text) ? text.GetString() : null;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    public void Break(string file, long line, string what) => Broken ??= new LogBreak(file, line, what);
}
