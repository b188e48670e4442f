using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ostiary.Bench;

/// <summary>What one connection sends next, and whether it is content with the answer's body.</summary>
internal interface ICaller
{
    ReadOnlyMemory<byte> Request { get; }

    bool Took(ReadOnlySpan<byte> body);
}

/// <summary>A closed loop over keep-alive connections: each sends, waits for the whole answer, checks it, sends again. An answer that fails its check ends the run.</summary>
internal static class Generator
{
    /// <summary>Answers a second.</summary>
    public static async Task<double> RunAsync(int port, IReadOnlyList<ICaller> callers, TimeSpan duration)
    {
        var watch = Stopwatch.StartNew();
        var counts = await Task.WhenAll(callers.Select(caller => Task.Run(() => LoopAsync(port, caller, watch, duration))));
        return counts.Sum() / watch.Elapsed.TotalSeconds;
    }

    private static async Task<int> LoopAsync(int port, ICaller caller, Stopwatch watch, TimeSpan duration)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
        var buffer = new byte[16 * 1024];
        var answered = 0;
        while (watch.Elapsed < duration)
        {
            await socket.SendAsync(caller.Request);
            var length = 0;
            var (start, end) = (0, -1);
            while (end < 0 || length < end)
            {
                var read = await socket.ReceiveAsync(buffer.AsMemory(length));
                if (read == 0)
                    throw new IOException("The server closed the connection.");
                length += read;
                if (end < 0)
                    (start, end) = BodyOf(buffer.AsSpan(0, length));
            }
            Check(caller, buffer.AsSpan(0, length), start);
            answered++;
        }
        return answered;
    }

    private static void Check(ICaller caller, ReadOnlySpan<byte> answer, int start)
    {
        if (!answer.StartsWith("HTTP/1.1 200 "u8) || !caller.Took(answer[start..]))
            throw new InvalidDataException("Not the answer that was asked for: " + Encoding.UTF8.GetString(answer));
    }

    /// <summary>Where the body begins and ends; -1 while the head is not whole.</summary>
    private static (int Start, int End) BodyOf(ReadOnlySpan<byte> answer)
    {
        var head = answer.IndexOf("\r\n\r\n"u8);
        if (head < 0)
            return (0, -1);
        var name = "Content-Length: "u8;
        var at = answer[..head].IndexOf(name);
        if (at < 0 || !Utf8Parser.TryParse(answer[(at + name.Length)..head], out int length, out _))
            throw new InvalidDataException("An answer without Content-Length.");
        return (head + 4, head + 4 + length);
    }
}
