using Ostiary.Server.Hosting;
using Ostiary.Server.Http;

namespace Ostiary.Server.Tests.Hosting;

/// <summary>A clock that is set wrong, and right again, has no lasting effect.</summary>
public sealed class SteadyClockTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly WallClock _time = new();

    [Fact]
    public void Follows_a_clock_that_goes_as_time_does()
    {
        var steady = new SteadyClock(_time);
        _time.Pass(TimeSpan.FromHours(3));

        Assert.Equal(_time.GetUtcNow(), steady.Now());
    }

    [Fact]
    public void Does_not_follow_a_clock_that_was_set_forward_and_is_not_behind_when_it_is_set_right()
    {
        var steady = new SteadyClock(_time);
        var right = _time.GetUtcNow();
        _time.Set(TimeSpan.FromDays(30));
        _time.Pass(Second);
        Assert.Equal(right + Second, steady.Now());

        _time.Set(-TimeSpan.FromDays(30));
        _time.Pass(Second);
        Assert.Equal(right + Second + Second, steady.Now());
    }

    [Fact]
    public void Goes_back_with_a_clock_that_was_set_back()
    {
        var steady = new SteadyClock(_time);
        _time.Set(-TimeSpan.FromHours(1));

        Assert.Equal(_time.GetUtcNow(), steady.Now());
    }

    [Fact]
    public void Believes_a_clock_that_says_so_for_a_day()
    {
        var steady = new SteadyClock(_time);
        _time.Set(TimeSpan.FromDays(365));
        for (var hour = 0; hour < 25; hour++)
        {
            _time.Pass(TimeSpan.FromHours(1));
            steady.Now();
        }

        Assert.Equal(_time.GetUtcNow(), steady.Now());
    }

    [Fact]
    public void A_clock_that_was_set_back_keeps_nobody_out_for_longer_than_failures_do()
    {
        var table = new RateTable(new byte[32], "test", burst: 2, TimeSpan.FromSeconds(30), _time);
        Assert.True(table.TryTake("alice", out _) && table.TryTake("alice", out _));

        _time.Set(-TimeSpan.FromHours(1));

        Assert.False(table.TryTake("alice", out var retryAfter));
        Assert.InRange(retryAfter, TimeSpan.Zero, TimeSpan.FromSeconds(60));
        _time.Pass(TimeSpan.FromSeconds(30));
        Assert.True(table.TryTake("alice", out _));
    }

    private sealed class WallClock : TimeProvider
    {
        private DateTimeOffset _now = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);
        private long _passed;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Set(TimeSpan by) => _now += by;

        public void Pass(TimeSpan time)
        {
            _now += time;
            _passed += time.Ticks;
        }

        public override DateTimeOffset GetUtcNow() => _now;

        public override long GetTimestamp() => _passed;
    }
}
