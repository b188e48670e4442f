using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ostiary.Program.Tests.Cli;

/// <summary><c>ostiary serve</c> as a child process that listens, and everything that it says.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Process _process;

    private ServerProcess(string[] arguments)
    {
        _process = Program.Start(["serve", .. arguments]);
        _process.StandardInput.Close();
        _process.OutputDataReceived += (_, line) => Keep(_output, line.Data);
        _process.ErrorDataReceived += (_, line) => Hear(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;
    public string Output => Text(_output);
    public string Error => Text(_error);

    /// <summary>Starts it and waits until it listens; where it ends before, what it said is the fault.</summary>
    public static async Task<ServerProcess> StartAsync(params string[] arguments)
    {
        var server = new ServerProcess(arguments);
        try
        {
            await server._listening.Task.WaitAsync(TimeSpan.FromSeconds(120), TestContext.Current.CancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Asks it to stop, hears it out, and returns its exit code.</summary>
    public async Task<int> StopAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void Hear(string? line)
    {
        Keep(_error, line);
        if (line is null)
            _listening.TrySetException(new InvalidOperationException("The server did not start: " + Error));
        else if (line.StartsWith("listening on", StringComparison.Ordinal))
            _listening.TrySetResult();
    }

    private static void Keep(StringBuilder said, string? line)
    {
        lock (said)
            said.AppendLine(line);
    }

    private static string Text(StringBuilder said)
    {
        lock (said)
            return said.ToString();
    }
}
