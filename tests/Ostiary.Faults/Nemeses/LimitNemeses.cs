using System.Globalization;
using Ostiary.Faults.Load;
using Ostiary.Faults.Records;
using Ostiary.Faults.Town;

namespace Ostiary.Faults.Nemeses;

/// <summary>A file system that turned read-only, as Linux does with one that is damaged; and a process that may open nothing more. The server runs on through both.</summary>
internal sealed class Limits : INemesis
{
    private const string Most = "4096";
    private int _strikes;

    public async Task StrikeAsync(Round round, CancellationToken ct)
    {
        if (_strikes++ % 2 == 0)
        {
            round.Shim!.Set(DiskFault.ReadOnly);
            await Task.Delay(round.Random.Next(400, 1200), ct);
            round.Shim.Set(DiskFault.None);
            // What a failed flush was for is not known to be on the disk: some stores want a new start.
            await round.Node.KillAsync();
            await round.Node.StartAsync(ct);
            return;
        }
        await LimitAsync(round, round.Node.Descriptors.ToString(CultureInfo.InvariantCulture));
        await Task.Delay(round.Random.Next(300, 900), ct);
        await HealAsync(round);
        // The runtime itself ends a process that can open nothing at a bad moment. Whoever watches over it starts it again.
        if (round.Node.Runs)
            await UntilItAnswersAsync(round, ct);
        else
            await round.Node.StartAsync(ct);
    }

    public async Task HealAsync(Round round)
    {
        round.Shim!.Set(DiskFault.None);
        await LimitAsync(round, Most);
    }

    private static async Task LimitAsync(Round round, string soft)
    {
        if (!round.Node.Runs)
            return;
        try
        {
            await Commands.RunAsync("prlimit", "--pid", round.Node.Id, $"--nofile={soft}:");
        }
        catch (InvalidOperationException) when (!round.Node.Runs)
        {
            // It has just ended.
        }
    }

    private static async Task UntilItAnswersAsync(Round round, CancellationToken ct)
    {
        var deadline = round.History.Now + 5_000;
        using var caller = new Caller(round.Node.Port, TimeSpan.FromSeconds(2));
        while (true)
        {
            try
            {
                if (await caller.StatusAsync("/readyz", ct) == 200)
                    return;
            }
            catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException)
            {
                // Not yet.
            }
            Assert.True(round.Node.Runs, "it ended when it could open files again");
            Assert.True(round.History.Now < deadline, "not ready five seconds after it may open files again");
            await Task.Delay(100, ct);
        }
    }
}
