using System.Diagnostics;

namespace Ostiary.Bench.Load;

/// <summary>
/// The load: one thread over all connections, one request at a time on each. Closed: a connection sends as soon as it has been answered. Open: operations
/// arrive by chance at a given rate whether or not the server keeps up, and a latency counts from when its operation was meant to start.
/// </summary>
internal sealed class Generator : IDisposable
{
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(10);
    private readonly int _epoll = Native.Epoll();
    private readonly Connection[] _connections;
    private readonly byte[] _events = new byte[64 * 16];
    private readonly List<uint> _latencies = new(1 << 18);
    private readonly Stack<Connection> _free = new();
    private readonly Queue<long> _waiting = new();
    private long _deadline;
    private long _answered;
    private long _failed;
    private string? _firstFailure;
    private bool _open;

    private Generator(int port, IReadOnlyList<ICaller> callers)
    {
        _connections = [.. callers.Select(caller => new Connection(port, caller))];
        for (var i = 0; i < _connections.Length; i++)
            Native.Add(_epoll, _connections[i].Descriptor, i);
    }

    public static Sample Closed(int port, IReadOnlyList<ICaller> callers, double seconds)
    {
        using var generator = new Generator(port, callers);
        return generator.Run(seconds, null);
    }

    public static Sample Open(int port, IReadOnlyList<ICaller> callers, double rate, double seconds)
    {
        using var generator = new Generator(port, callers);
        return generator.Run(seconds, new Arrivals(rate));
    }

    private Sample Run(double seconds, Arrivals? arrivals)
    {
        Native.ExactTimers();
        _open = arrivals is not null;
        var cpu = CpuOfThisProcess();
        var begin = Stopwatch.GetTimestamp();
        _deadline = begin + (long)(seconds * Stopwatch.Frequency);
        foreach (var connection in _connections)
        {
            if (_open)
                _free.Push(connection);
            else
                Begin(connection, Stopwatch.GetTimestamp());
        }
        var next = arrivals?.Next(begin) ?? long.MaxValue;
        for (var now = begin; now < _deadline; now = Stopwatch.GetTimestamp())
        {
            for (; next <= now; next = arrivals!.Next(next))
                Arrive(next);
            Turn(Math.Min(next, _deadline) - now);
        }
        var share = (CpuOfThisProcess() - cpu).TotalSeconds / seconds;
        Drain();
        foreach (var late in _waiting)
            Keep(_deadline - late);
        return new(_answered / seconds, _answered, _failed, new Latencies(_latencies), share, _firstFailure);
    }

    private void Arrive(long intended)
    {
        if (_free.TryPop(out var connection))
            Begin(connection, intended);
        else
            _waiting.Enqueue(intended);
    }

    private static void Begin(Connection connection, long intended)
    {
        (connection.IntendedStart, connection.IsBusy) = (intended, true);
        connection.Send();
    }

    private void Turn(long ticks)
    {
        var ready = Native.Wait(_epoll, _events, TimeSpan.FromTicks(Math.Max(0, ticks * TimeSpan.TicksPerSecond / Stopwatch.Frequency)));
        for (var i = 0; i < ready; i++)
        {
            var index = Native.IndexOf(_events, i);
            var connection = _connections[index];
            switch (connection.Receive())
            {
                case null:
                    Lost(connection, index);
                    break;
                case true:
                    Answered(connection);
                    break;
                default:
                    break;
            }
        }
    }

    private void Answered(Connection connection)
    {
        if (!connection.IsBusy)
            throw new InvalidDataException("An answer that nobody asked for: " + connection.Beginning);
        var step = connection.Judge();
        if (step == Step.More)
        {
            connection.Send();
            return;
        }
        var now = Stopwatch.GetTimestamp();
        if (step == Step.Refused)
            Fail(connection.Beginning);
        else if (now <= _deadline)
        {
            _answered++;
            Keep(now - connection.IntendedStart);
        }
        else if (_open)
            Keep(now - connection.IntendedStart);
        Continue(connection, now);
    }

    private void Continue(Connection connection, long now)
    {
        connection.IsBusy = false;
        if (now >= _deadline)
            return;
        if (!_open)
            Begin(connection, now);
        else if (_waiting.TryDequeue(out var intended))
            Begin(connection, intended);
        else
            _free.Push(connection);
    }

    private void Lost(Connection connection, int index)
    {
        Native.Remove(_epoll, connection.Descriptor);
        connection.Reconnect();
        Native.Add(_epoll, connection.Descriptor, index);
        if (!connection.IsBusy)
            return;
        Fail("The server closed the connection.");
        Continue(connection, Stopwatch.GetTimestamp());
    }

    private void Fail(string what)
    {
        _failed++;
        _firstFailure ??= what;
        if (_failed > 100 && _failed > _answered)
            throw new InvalidDataException("Nearly every answer is wrong; the first: " + _firstFailure);
    }

    private void Keep(long ticks) => _latencies.Add((uint)Math.Min(uint.MaxValue, ticks * 1_000_000 / Stopwatch.Frequency));

    /// <summary>What was begun is finished, so that every chain of refresh tokens can go on.</summary>
    private void Drain()
    {
        var limit = Stopwatch.GetTimestamp() + (long)(DrainLimit.TotalSeconds * Stopwatch.Frequency);
        while (Stopwatch.GetTimestamp() < limit && Array.Exists(_connections, c => c.IsBusy))
            Turn(Stopwatch.Frequency / 100);
    }

    private static TimeSpan CpuOfThisProcess() => Environment.CpuUsage.TotalTime;

    public void Dispose()
    {
        foreach (var connection in _connections)
            connection.Dispose();
        Native.Close(_epoll);
    }

    /// <summary>Poisson arrivals: the gaps are exponential. A fixed seed, so that every subject gets the same.</summary>
    private sealed class Arrivals(double rate)
    {
        private ulong _state = 0x9E3779B97F4A7C15;

        public long Next(long after)
        {
            _state ^= _state << 13;
            _state ^= _state >> 7;
            _state ^= _state << 17;
            var chance = (_state >> 11) * (1.0 / (1UL << 53));
            return after + Math.Max(1, (long)(-Math.Log(1 - chance) / rate * Stopwatch.Frequency));
        }
    }
}
