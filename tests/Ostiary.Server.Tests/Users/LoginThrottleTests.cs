using Ostiary.Server.Users;

namespace Ostiary.Server.Tests.Users;

[Trait("Spec", "RFC 6819 §5.1.4.2.3")]
public sealed class LoginThrottleTests
{
    private const string Home = "192.0.2.0/24";
    private const string Away = "198.51.100.0/24";
    private readonly FakeTime _time = new();
    private readonly LoginThrottle _throttle;

    public LoginThrottleTests() => _throttle = new([1, 2, 3], _time);

    [Fact]
    public void Lets_ten_failures_pass_and_then_one_every_half_minute()
    {
        Assert.Equal(10, FailuresUntilRefused("alice", Home, "browser", out var retryAfter));
        Assert.Equal(TimeSpan.FromSeconds(30), retryAfter);
        _time.Advance(retryAfter);
        Assert.Equal(1, FailuresUntilRefused("alice", Home, "browser", out _));
    }

    [Fact]
    public void Does_not_count_success()
    {
        for (var i = 0; i < 100; i++)
        {
            Assert.True(_throttle.TryBegin("alice", Home, $"browser{i}", out var attempt, out _));
            attempt.Succeeded();
        }
    }

    [Fact]
    public void Counts_parallel_attempts_before_their_passwords_are_looked_at() // L09
    {
        var passed = 0;
        Parallel.For(
            0,
            200,
            i =>
            {
                if (_throttle.TryBegin("alice", Home, $"browser{i}", out _, out _))
                    Interlocked.Increment(ref passed);
            }
        );
        Assert.Equal(10, passed);
    }

    [Fact]
    public void Lets_the_owner_in_from_another_network_and_from_a_known_browser() // L10
    {
        Assert.True(_throttle.TryBegin("alice", Home, "laptop", out var owner, out _));
        owner.Succeeded();
        FailuresUntilRefused("alice", Home, "attacker", out _);
        Assert.True(_throttle.TryBegin("alice", Away, "phone", out _, out _));
        Assert.True(_throttle.TryBegin("alice", Home, "laptop", out _, out _));
        Assert.True(_throttle.TryBegin("bob", Home, "attacker", out _, out _));
    }

    [Fact]
    public void Lets_the_owner_in_from_a_known_browser_while_many_networks_guess() // L10
    {
        Assert.True(_throttle.TryBegin("alice", Home, "laptop", out var owner, out _));
        owner.Succeeded();
        var guesses = 0;
        for (var network = 0; network < 100; network++)
            guesses += FailuresUntilRefused("alice", $"10.0.{network}.0/24", "attacker", out _);
        Assert.Equal(100, guesses);
        Assert.True(_throttle.TryBegin("alice", Home, "laptop", out _, out _));
    }

    [Fact]
    public void Slows_one_password_for_many_accounts_from_one_network() // L11
    {
        var passed = 0;
        for (var i = 0; i < 1000; i++)
        {
            if (_throttle.TryBegin($"user{i}", Home, "browser", out _, out _))
                passed++;
        }
        Assert.InRange(passed, 90, 100);
        Assert.True(_throttle.TryBegin("alice", Away, "browser", out _, out _));
    }

    [Fact]
    public void Also_slows_guessing_from_a_browser_that_signed_in_before()
    {
        Assert.True(_throttle.TryBegin("alice", Home, "laptop", out var owner, out _));
        owner.Succeeded();
        Assert.Equal(10, FailuresUntilRefused("alice", Home, "laptop", out _));
    }

    private int FailuresUntilRefused(string account, string network, string browser, out TimeSpan retryAfter)
    {
        for (var failures = 0; ; failures++)
        {
            if (!_throttle.TryBegin(account, network, browser, out _, out retryAfter))
                return failures;
        }
    }
}
