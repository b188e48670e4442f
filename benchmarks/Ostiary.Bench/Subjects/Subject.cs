using System.Diagnostics;
using Ostiary.Bench.Load;

namespace Ostiary.Bench.Subjects;

/// <summary>What every subject can be asked to do.</summary>
internal enum Operation
{
    ClientCredentials,
    IntrospectJwt,
    IntrospectOpaque,
    Refresh,
    Code,
    Discovery,
    Jwks,
    Push,
    Dpop,
    Device,
    Exchange,
    Register,
}

/// <summary>A server under measurement, pinned to the first core with its database.</summary>
internal abstract class Subject(Process process, int port) : IDisposable
{
    private readonly Process _process = process;

    public abstract string Name { get; }

    public int Port { get; } = port;

    public TimeSpan Cpu => Machine.Cpu(_process.Id);

    public virtual TimeSpan DatabaseCpu => TimeSpan.Zero;

    public long Memory => Machine.Memory(_process.Id);

    /// <summary>Callers for that many connections; null where the subject has no such operation.</summary>
    public abstract Task<IReadOnlyList<ICaller>?> CallersAsync(Operation operation, int connections);

    public virtual void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Nobody reads on what it prints, so it must not fill the pipe.</summary>
    protected static void Ignore(Process process)
    {
        process.StandardInput.Close();
        _ = process.StandardError.BaseStream.CopyToAsync(Stream.Null);
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
    }
}
