namespace Ostiary.Bench.Load;

/// <summary>A whole answer: its status, its head as text, its body.</summary>
internal readonly ref struct Answer(int status, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
{
    public int Status { get; } = status;
    public ReadOnlySpan<byte> Head { get; } = head;
    public ReadOnlySpan<byte> Body { get; } = body;
}

internal enum Step
{
    /// <summary>The operation is done.</summary>
    Done,

    /// <summary>The operation goes on with another request.</summary>
    More,

    /// <summary>Not what was asked for. The next request begins the operation anew.</summary>
    Refused,
}

/// <summary>What one connection sends next, and whether it is content with the answer: its status and its content.</summary>
internal interface ICaller
{
    ReadOnlySpan<byte> Request { get; }

    Step Take(in Answer answer);
}
