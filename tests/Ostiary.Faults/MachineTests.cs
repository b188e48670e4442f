using Ostiary.Faults.Nemeses;
using Ostiary.Faults.Town;

namespace Ostiary.Faults;

/// <summary>One server, and a machine that fails it: process, disk, clock and wire.</summary>
[Trait("Speed", "Slow")]
public sealed class MachineTests
{
    [Theory]
    [InlineData("memory")]
    [InlineData("sqlite")]
    public Task R01_kills_at_any_moment_lose_nothing_acknowledged(string store) =>
        HoldsAsync("R01", "kill -9 at a random moment, start at once, sometimes killed again while it starts", store, new Kill(), 5, 100);

    [Theory]
    [InlineData("sqlite")]
    public Task R04_lost_and_doubled_answers_end_no_family(string store) =>
        HoldsAsync("R04", "answers cut after the request, requests cut, doubled and delayed, connections reset", store, new BadWeather(), 5, 60);

    [Theory]
    [InlineData("memory")]
    [InlineData("sqlite")]
    public Task R05_a_full_disk_refuses_and_heals(string store) =>
        HoldsAsync("R05", "the file system is filled to the last block and freed, the server runs on", store, new FullDisk(), 5, 60);

    [Theory]
    [InlineData("memory")]
    [InlineData("sqlite")]
    public Task R06_a_failing_disk_loses_nothing_acknowledged(string store) =>
        HoldsAsync("R06", "ENOSPC, EIO, short writes and failed flushes at every n-th call, then kill -9", store, new FailingDisk(), 5, 60);

    [Theory]
    [Trait("Faults", "Long")]
    [InlineData("sqlite")]
    public Task R17_a_slow_disk_is_only_slow(string store) => HoldsAsync("R17", "every flush takes 50 to 400 ms", store, new SlowDisk(), 4, 30);

    [Theory]
    [Trait("Faults", "Long")]
    [InlineData("memory")]
    [InlineData("sqlite")]
    public Task R08_a_read_only_disk_and_a_lack_of_descriptors_lose_nothing_acknowledged(string store) =>
        HoldsAsync(
            "R08",
            "every write EROFS, then kill -9; no descriptor left to open, then some again, the server runs on",
            store,
            new Limits(),
            6,
            30
        );

    [Theory]
    [Trait("Faults", "Long")]
    [InlineData("sqlite")]
    public Task R09_a_clock_that_jumps_ends_nothing_that_was_not_used_twice(string store) =>
        HoldsAsync("R09", "the clock jumps by 5 s to a day, forth and back", store, new WrongClock(), 5, 40, clockMoved: true);

    [Theory]
    [Trait("Faults", "Long")]
    [InlineData("sqlite")]
    public Task R14_a_process_that_stands_still_does_not_answer_twice(string store) =>
        HoldsAsync("R14", "SIGSTOP for up to 5 s, SIGCONT", store, new Pause(), 6, 60);

    [Theory]
    [Trait("Faults", "Long")]
    [InlineData("sqlite")]
    public Task R27_a_graceful_stop_leaves_nothing_undone(string store) =>
        HoldsAsync("R27", "SIGTERM, start again", store, new GracefulStop(), 5, 60);

    private static async Task HoldsAsync(
        string row,
        string done,
        string store,
        INemesis nemesis,
        int seconds,
        int inLongRuns,
        bool clockMoved = false
    )
    {
        var result = await Round.RunAsync(
            new()
            {
                Name = row,
                Store = store,
                Length = Report.Length(seconds, inLongRuns),
                WithShim = true,
                RotatesKeys = !clockMoved,
                Promise = new() { ClockMoved = clockMoved },
            },
            nemesis,
            TestContext.Current.CancellationToken
        );
        Report.Add(row, done, result);
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        Assert.True(result.Violations.Count == 0, Report.Of(result));
        // A test that met nothing has shown nothing.
        Assert.True(result.Strikes > 0 && result.Ops.Count > 100, Report.Of(result));
    }
}
