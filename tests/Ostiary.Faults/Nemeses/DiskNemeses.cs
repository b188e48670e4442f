using Ostiary.Faults.Load;
using Ostiary.Faults.Town;

namespace Ostiary.Faults.Nemeses;

/// <summary>A real file system that is really full, and then has space again; the server runs on.</summary>
internal sealed class FullDisk : INemesis
{
    private SmallDisk? _disk;

    public async Task PrepareAsync(Round round) => _disk = await SmallDisk.MountAsync(round.Node.Data, "48m");

    public async Task StrikeAsync(Round round, CancellationToken ct)
    {
        _disk!.Fill();
        await Task.Delay(round.Random.Next(800, 2000), ct);
        using (var caller = new Caller(round.Node.Port, TimeSpan.FromSeconds(4)))
            Assert.Equal(200, await caller.StatusAsync("/.well-known/jwks.json", ct));
        _disk.Free();
        await Task.Delay(round.Random.Next(500, 1000), ct);
    }

    public async Task HealAsync(Round round)
    {
        _disk!.Free();
        using var caller = new Caller(round.Node.Port, TimeSpan.FromSeconds(4));
        var deadline = round.History.Now + 5_000;
        while (await caller.StatusAsync("/readyz", CancellationToken.None) != 200)
        {
            Assert.True(round.History.Now < deadline, "not ready five seconds after there is space again");
            await Task.Delay(100);
        }
    }

    public ValueTask CleanUpAsync() => _disk!.DisposeAsync();
}

/// <summary>A disk that fails now and then, and whose flush fails: nothing that was acknowledged is lost after the restart.</summary>
internal sealed class FailingDisk : INemesis
{
    private static readonly DiskFault[] Faults = [DiskFault.NoSpace, DiskFault.InputOutput, DiskFault.ShortWrite, DiskFault.FailedFlush];
    private int _strikes;

    public async Task StrikeAsync(Round round, CancellationToken ct)
    {
        round.Shim!.Set(Faults[_strikes++ % Faults.Length], every: round.Random.Next(1, 40));
        await Task.Delay(round.Random.Next(300, 900), ct);
        await round.Node.KillAsync();
        round.Shim.Set(DiskFault.None);
        await round.Node.StartAsync(ct);
    }
}

/// <summary>Every flush takes long.</summary>
internal sealed class SlowDisk : INemesis
{
    public async Task StrikeAsync(Round round, CancellationToken ct)
    {
        round.Shim!.Set(DiskFault.None, slowFlush: TimeSpan.FromMilliseconds(round.Random.Next(50, 400)));
        await Task.Delay(1_500, ct);
        round.Shim.Set(DiskFault.None);
    }

    public Task HealAsync(Round round)
    {
        round.Shim!.Set(DiskFault.None);
        return Task.CompletedTask;
    }
}

/// <summary>The clock of the server's machine jumps forth and back while the server runs. One that starts with a wrong clock has no other to compare it with.</summary>
internal sealed class WrongClock : INemesis
{
    private static readonly int[] Seconds = [3600, -3600, 60, -60, 86_400, 5, -5];
    private int _strikes;

    public async Task StrikeAsync(Round round, CancellationToken ct)
    {
        round.Shim!.Set(DiskFault.None, clock: TimeSpan.FromSeconds(Seconds[_strikes++ % Seconds.Length]));
        await Task.Delay(round.Random.Next(300, 900), ct);
        round.Shim.Set(DiskFault.None);
        await Task.Delay(300, ct);
    }

    public Task HealAsync(Round round)
    {
        round.Shim!.Set(DiskFault.None);
        return Task.CompletedTask;
    }
}
