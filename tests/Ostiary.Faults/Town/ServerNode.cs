using System.Diagnostics;
using System.Globalization;
using System.Text;
using Ostiary.Faults.Records;
using Ostiary.Faults.Sabotage;

namespace Ostiary.Faults.Town;

/// <summary>How a server process is started.</summary>
internal sealed record NodePlan
{
    public required string Store { get; init; }
    public string Name { get; init; } = "n1";

    /// <summary>The fault that is planted in it; empty: the program itself.</summary>
    public string Fault { get; init; } = "";
    public Shim? Shim { get; init; }
    public string[] More { get; init; } = [];
}

/// <summary>One server process, that is killed, stopped and started again. Its port changes with every start.</summary>
internal sealed class ServerNode(Ground ground, NodePlan plan, History history) : IAsyncDisposable
{
    private Process? _process;
    private readonly StringBuilder _said = new();

    public int Port { get; private set; }
    public string Name => plan.Name;
    public string Data => ground.Data(plan.Name);
    public string Socket => Path.Combine(Data, "admin.sock");
    public string Id => _process!.Id.ToString(CultureInfo.InvariantCulture);
    public int Descriptors => Directory.EnumerateFileSystemEntries($"/proc/{Id}/fd").Count();
    public bool Runs => _process is { HasExited: false };
    public int Starts { get; private set; }

    /// <summary>Starts it and waits until it listens. The history keeps how long that took.</summary>
    public async Task StartAsync(CancellationToken ct)
    {
        var op = history.Begin(new() { Act = Act.Start, Item = plan.Name });
        _said.Clear();
        _process?.Dispose();
        _process = Begin();
        _ = _process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (await _process.StandardError.ReadLineAsync(limit.Token) is { } line)
        {
            _said.AppendLine(line);
            const string before = "listening on http://127.0.0.1:";
            if (!line.StartsWith(before, StringComparison.Ordinal))
                continue;
            Port = int.Parse(line[before.Length..], CultureInfo.InvariantCulture);
            Starts++;
            _ = _process.StandardError.ReadToEndAsync(CancellationToken.None);
            history.End(op with { Outcome = Outcome.Ok });
            return;
        }
        history.End(op with { Outcome = Outcome.Failed, Text = _said.ToString() });
        throw new InvalidOperationException("The server did not start: " + _said);
    }

    /// <summary>Kills one while it starts.</summary>
    public async Task KillDuringStartAsync(TimeSpan after)
    {
        using var process = Begin();
        await Task.Delay(after, CancellationToken.None); // The random moment is the test.
        process.Kill();
        await process.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>SIGKILL: it gets no chance to do anything.</summary>
    public async Task KillAsync()
    {
        if (_process is not { HasExited: false } process)
            return;
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(CancellationToken.None);
    }

    public Task SignalAsync(string signal) => Commands.RunAsync("kill", "-" + signal, _process!.Id.ToString(CultureInfo.InvariantCulture));

    /// <summary>SIGTERM: it finishes what it has begun.</summary>
    public async Task<int> StopAsync()
    {
        await SignalAsync("TERM");
        await _process!.WaitForExitAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(40));
        return _process.ExitCode;
    }

    public Task ExitedAsync(TimeSpan within) => _process!.WaitForExitAsync(CancellationToken.None).WaitAsync(within);

    /// <summary>Descriptors and threads.</summary>
    public void Measure()
    {
        if (!Runs)
            return;
        var id = _process!.Id.ToString(CultureInfo.InvariantCulture);
        var op = history.Begin(new() { Act = Act.Measure, Item = $"{plan.Name}-{id}" });
        history.End(
            op with
            {
                Outcome = Outcome.Ok,
                Number1 = Directory.EnumerateFileSystemEntries($"/proc/{id}/fd").Count(),
                Number2 = Directory.EnumerateDirectories($"/proc/{id}/task").Count(),
            }
        );
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process?.Dispose();
    }

    private Process Begin()
    {
        string[] program = plan.Fault.Length == 0 ? [Commands.Ostiary, "serve"] : [Environment.ProcessPath!, SabotagedServer.Verb, plan.Fault];
        string[] all =
        [
            .. program,
            "--issuer",
            Ground.Issuer,
            "--listen",
            "http://127.0.0.1:0",
            "--store",
            plan.Store,
            "--data",
            Data,
            "--config",
            ground.Config,
            "--node",
            plan.Name,
            .. plan.More,
        ];
        return Commands.StartToStay(all[0], all[1..], plan.Shim?.Environment(Data));
    }
}
