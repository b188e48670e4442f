namespace Ostiary.Server.Hosting;

/// <summary>
/// How long work waits for a thread, sampled: what is queued now runs after what was queued before it, so the wait of a sample is the wait of the requests
/// around it. The shortest of the last few samples counts, for a single long one is a pause and no queue.
/// </summary>
internal sealed class Pulse : IThreadPoolWorkItem, IDisposable
{
    private const int Every = 50;
    private readonly int[] _last = new int[3];
    private readonly Timer _timer;
    private long _sent;
    private int _at;
    private volatile int _shortest;
    private volatile bool _stopped;

    public Pulse()
    {
        _timer = new Timer(static pulse => ((Pulse)pulse!).Send(), this, Timeout.Infinite, Timeout.Infinite);
        _timer.Change(Every, Timeout.Infinite);
    }

    public Func<int>? Pretended { private get; set; }

    public int Milliseconds => Pretended is { } pretended ? pretended() : _shortest;

    public void Execute()
    {
        _last[_at++ % _last.Length] = (int)Math.Min(int.MaxValue, Environment.TickCount64 - _sent);
        _shortest = _last.Min();
        if (_stopped)
            return;
        try
        {
            _timer.Change(Every, Timeout.Infinite);
        }
        catch (ObjectDisposedException)
        {
            // Stopped meanwhile.
        }
    }

    public void Dispose()
    {
        _stopped = true;
        _timer.Dispose();
    }

    private void Send()
    {
        _sent = Environment.TickCount64;
        // Behind everything that waits, as requests are.
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }
}
