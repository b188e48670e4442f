namespace Ostiary.Server.Stores.Memory;

/// <summary>A file line by line.</summary>
internal sealed class Lines(FileStream file)
{
    private byte[] buffer = new byte[64 * 1024];
    private int from;
    private int to;
    private bool ended;

    /// <summary>The number of the present line, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>Where the present line begins.</summary>
    public long Offset { get; private set; }

    /// <summary>Where the present line ends, its line break included.</summary>
    public long End { get; private set; }

    /// <summary>Whether the present line ends with a line break.</summary>
    public bool Terminated { get; private set; }

    /// <summary>Without its line break, until the next one is read.</summary>
    public ReadOnlySpan<byte> Line => buffer.AsSpan(lineFrom, lineLength);

    private int lineFrom;
    private int lineLength;

    public bool Next()
    {
        var length = Find();
        if (length < 0)
            return false;
        Terminated = from + length < to;
        (lineFrom, lineLength) = (from, length);
        from += length + (Terminated ? 1 : 0);
        Number++;
        Offset = End;
        End += length + (Terminated ? 1 : 0);
        return true;
    }

    /// <summary>Whether nothing follows the present line. The line must not be used after this.</summary>
    public bool IsLast() => Find() < 0;

    private int Find()
    {
        var searched = 0;
        while (true)
        {
            var at = buffer.AsSpan(from + searched, to - from - searched).IndexOf((byte)'\n');
            if (at >= 0)
                return searched + at;
            searched = to - from;
            if (ended)
                return searched > 0 ? searched : -1;
            Fill();
        }
    }

    private void Fill()
    {
        if (from > 0)
        {
            buffer.AsSpan(from, to - from).CopyTo(buffer);
            (from, to) = (0, to - from);
        }
        if (to == buffer.Length)
            Array.Resize(ref buffer, buffer.Length * 2);
        var read = file.Read(buffer, to, buffer.Length - to);
        ended = read == 0;
        to += read;
    }
}
