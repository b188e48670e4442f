using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ostiary.Bench.Load;

/// <summary>One keep-alive connection with its caller. It sends one request at a time and reads the whole answer.</summary>
internal sealed class Connection(int port, ICaller caller) : IDisposable
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _length;
    private int _bodyStart;
    private int _end = -1;
    private Socket _socket = Connect(port);

    public int Descriptor => (int)_socket.SafeHandle.DangerousGetHandle();

    public ICaller Caller { get; } = caller;

    /// <summary>When the running operation was meant to start, in ticks of the stopwatch.</summary>
    public long IntendedStart { get; set; }

    public bool IsBusy { get; set; }

    /// <summary>The beginning of what has arrived, for the report of a failure.</summary>
    public string Beginning => Encoding.UTF8.GetString(_buffer, 0, Math.Min(_length, 600));

    public void Send()
    {
        (_length, _bodyStart, _end) = (0, 0, -1);
        var request = Caller.Request;
        if (Native.Send(Descriptor, request) != request.Length)
            throw new IOException("A request did not fit into the socket.");
    }

    /// <summary>Reads what has arrived: true when the answer is whole, false while it is not, null where the connection is over.</summary>
    public bool? Receive()
    {
        var read = (int)Native.Receive(Descriptor, _buffer.AsSpan(_length));
        if (read <= 0)
            return null;
        _length += read;
        if (_end < 0)
            FindBody();
        return _end switch
        {
            int.MaxValue => _buffer.AsSpan(0, _length).EndsWith("\r\n0\r\n\r\n"u8),
            >= 0 => _length >= _end,
            _ => false,
        };
    }

    public Step Judge()
    {
        var answer = _buffer.AsSpan(0, _length);
        if (!Utf8Parser.TryParse(answer["HTTP/1.1 ".Length..], out int status, out _))
            return Step.Refused;
        return Caller.Take(new Answer(status, answer[.._bodyStart], answer[_bodyStart..]));
    }

    public void Reconnect()
    {
        _socket.Dispose();
        _socket = Connect(port);
    }

    public void Dispose() => _socket.Dispose();

    private void FindBody()
    {
        var answer = _buffer.AsSpan(0, _length);
        var head = answer.IndexOf("\r\n\r\n"u8);
        if (head < 0)
            return;
        _bodyStart = head + 4;
        var headers = answer[..(head + 2)];
        if (HeaderOf(headers, "Content-Length: "u8, "content-length: "u8) is { IsEmpty: false } value)
            _end = Utf8Parser.TryParse(value, out int length, out _) ? _bodyStart + length : throw new InvalidDataException("A length that is none.");
        else
            _end = HeaderOf(headers, "Transfer-Encoding: "u8, "transfer-encoding: "u8).IsEmpty ? _bodyStart : int.MaxValue;
    }

    /// <summary>The rest of the head from the header's value on; empty: there is no such header.</summary>
    private static ReadOnlySpan<byte> HeaderOf(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name, ReadOnlySpan<byte> lower)
    {
        var at = head.IndexOf(name);
        if (at < 0)
            at = head.IndexOf(lower);
        return at < 0 ? default : head[(at + name.Length)..];
    }

    private static Socket Connect(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(new IPEndPoint(IPAddress.Loopback, port));
        return socket;
    }
}
