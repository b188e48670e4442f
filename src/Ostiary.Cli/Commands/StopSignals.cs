using System.Runtime.InteropServices;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;

namespace Ostiary.Cli.Commands;

/// <summary>SIGTERM and the first SIGINT ask to stop; the second SIGINT stops at once.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;
    private int _interrupts;

    public StopSignals(Terminal terminal)
    {
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Ask),
            PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Interrupt(signal, terminal)),
        ];
    }

    public CancellationToken Stopped => _stop.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _stop.Dispose();
    }

    private void Ask(PosixSignalContext signal)
    {
        signal.Cancel = true;
        _ = _stop.CancelAsync();
    }

    private void Interrupt(PosixSignalContext signal, Terminal terminal)
    {
        if (Interlocked.Increment(ref _interrupts) > 1)
            Environment.Exit(ExitCode.Interrupted);
        if (terminal.ErrorIsTerminal)
            terminal.Note("Stopping. Ctrl+C again stops at once.");
        Ask(signal);
    }
}
