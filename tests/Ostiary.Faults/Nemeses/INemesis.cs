using Ostiary.Faults.Town;

namespace Ostiary.Faults.Nemeses;

/// <summary>Who breaks things while clients work.</summary>
internal interface INemesis
{
    /// <summary>Before the first start.</summary>
    Task PrepareAsync(Round round) => Task.CompletedTask;

    /// <summary>Once; comes back when that fault is over or goes on by itself.</summary>
    Task StrikeAsync(Round round, CancellationToken ct);

    /// <summary>Makes everything whole again.</summary>
    Task HealAsync(Round round) => Task.CompletedTask;

    /// <summary>When the server is gone.</summary>
    ValueTask CleanUpAsync() => ValueTask.CompletedTask;
}

/// <summary>Nobody: a checker that finds something now is wrong.</summary>
internal sealed class Peace : INemesis
{
    public Task StrikeAsync(Round round, CancellationToken ct) => Task.Delay(400, ct);
}

/// <summary>SIGKILL at any moment, start again at once; sometimes another kill during the start.</summary>
internal sealed class Kill : INemesis
{
    public async Task StrikeAsync(Round round, CancellationToken ct)
    {
        await round.Node.KillAsync();
        if (round.Random.Next(5) == 0)
            await round.Node.KillDuringStartAsync(TimeSpan.FromMilliseconds(round.Random.Next(600)));
        await round.Node.StartAsync(ct);
    }
}

/// <summary>The process stands still for a while, longer than some clients wait.</summary>
internal sealed class Pause : INemesis
{
    public async Task StrikeAsync(Round round, CancellationToken ct)
    {
        await round.Node.SignalAsync("STOP");
        await Task.Delay(round.Random.Next(200, 4600), CancellationToken.None);
        await round.Node.SignalAsync("CONT");
    }
}

/// <summary>The wire between clients and server loses, doubles and delays.</summary>
internal sealed class BadWeather : INemesis
{
    public async Task StrikeAsync(Round round, CancellationToken ct)
    {
        round.Wire.Weather = new()
        {
            CutAnswer = 15,
            CutRequest = 8,
            Duplicate = 20,
            Delay = TimeSpan.FromMilliseconds(round.Random.Next(20)),
        };
        await Task.Delay(round.Random.Next(500, 1500), ct);
        if (round.Random.Next(3) == 0)
            round.Wire.CutAll();
    }

    public Task HealAsync(Round round)
    {
        round.Wire.Weather = Weather.Fine;
        return Task.CompletedTask;
    }
}

/// <summary>SIGTERM and start again: nothing that was accepted is left undone.</summary>
internal sealed class GracefulStop : INemesis
{
    public async Task StrikeAsync(Round round, CancellationToken ct)
    {
        var code = await round.Node.StopAsync();
        Assert.Equal(0, code);
        await round.Node.StartAsync(ct);
    }
}
