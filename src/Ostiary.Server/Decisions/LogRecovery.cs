namespace Ostiary.Server.Decisions;

/// <summary>The end of a log file after a crash.</summary>
internal static class LogRecovery
{
    /// <summary>The last line of a file that has only whole lines; null where it has none.</summary>
    public static LogHead? LastLine(string file)
    {
        using var stream = LogDirectory.OpenShared(file);
        return LastLine(stream, out _);
    }

    /// <summary>
    /// Cuts an incomplete last line: it was never acknowledged. Where the last whole line does not hold (a power cut), everything from the first line that
    /// does not hold is moved into a file beside it.
    /// </summary>
    public static (LogHead? Head, string? MovedAside) Recover(string file)
    {
        using var stream = LogDirectory.OpenOwn(file, FileMode.Open);
        var head = LastLine(stream, out var end);
        if (end == 0 && stream.Length <= LogLine.MaxLength || head is not null)
        {
            if (end < stream.Length)
                stream.SetLength(end);
            return (head, null);
        }
        return MoveAside(stream, file);
    }

    // Null and end > 0: the last whole line does not hold.
    private static LogHead? LastLine(FileStream stream, out long end)
    {
        var start = Math.Max(0, stream.Length - 2 * LogLine.MaxLength);
        var tail = new byte[stream.Length - start];
        stream.Position = start;
        stream.ReadExactly(tail);
        var last = tail.AsSpan().LastIndexOf((byte)'\n');
        end = last < 0 ? 0 : start + last + 1;
        if (last < 0)
            return null;
        var before = tail.AsSpan(0, last).LastIndexOf((byte)'\n');
        return LogLine.TryRead(tail.AsSpan(before + 1, last - before - 1), out var line) ? line.Head : null;
    }

    private static (LogHead? Head, string? MovedAside) MoveAside(FileStream stream, string file)
    {
        stream.Position = 0;
        using var lines = new LogLines(LogDirectory.OpenShared(file));
        LogHead? head = null;
        var sound = 0L;
        while (lines.TryNext(out var bytes) && LogLine.TryRead(bytes, out var line))
        {
            head = line.Head;
            sound = lines.Offset;
        }
        var aside = $"{file}.damaged-{sound}";
        using (var copy = LogDirectory.OpenOwn(aside, FileMode.Create))
        {
            stream.Position = sound;
            stream.CopyTo(copy);
            copy.Flush(flushToDisk: true);
        }
        stream.SetLength(sound);
        return (head, aside);
    }
}
