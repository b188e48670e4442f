using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Hosting;

/// <summary>HTTP/2 as no client speaks it: the connection ends, the others do not notice.</summary>
public sealed class Http2AbuseTests : IAsyncLifetime
{
    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte Reset = 3;
    private const byte Settings = 4;
    private const byte GoAway = 7;
    private const byte Continuation = 9;
    private const byte EndStream = 1;
    private const byte EndHeaders = 4;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("ostiary-h2-");
    private TestServer _server = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var (chain, key) = (Path.Combine(_directory.FullName, "chain.pem"), Path.Combine(_directory.FullName, "key.pem"));
        TestCertificates.WriteChain(chain, key);
        var port = TestServer.FreePort();
        _server = await TestServer.StartAsync(with: o =>
            o with
            {
                Listen = [.. o.Listen, $"https://127.0.0.1:{port}"],
                TlsCertFile = chain,
                TlsKeyFile = key,
            }
        );
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task M04_opening_and_resetting_streams_without_end_ends_the_connection()
    {
        await using var peer = await ConnectAsync();
        var ended = EndAsync(peer);
        var sent = 0;
        try
        {
            for (var stream = 1; !ended.IsCompleted && sent < 200_000; stream += 2, sent++)
            {
                byte[] both = [.. Frame(Headers, EndHeaders | EndStream, stream, Ask), .. Frame(Reset, 0, stream, [0, 0, 0, 8])];
                await peer.WriteAsync(both, Stop);
            }
        }
        catch (IOException)
        {
            // The connection has ended.
        }

        Assert.True(await ended.WaitAsync(TimeSpan.FromSeconds(20), Stop));
        Assert.InRange(sent, 1, 199_999);
        await OthersAreServedAsync();
    }

    [Fact]
    public async Task M04_headers_without_end_end_the_connection()
    {
        await using var peer = await ConnectAsync();
        var ended = EndAsync(peer);
        var sent = 0;
        try
        {
            await peer.WriteAsync(Frame(Headers, EndStream, 1, Ask), Stop);
            byte[] header = [0x00, 0x01, (byte)'x', 0x7F, 0x81, 0x3E, .. Enumerable.Repeat((byte)'a', 8192)];
            for (; !ended.IsCompleted && sent < 10_000; sent++)
                await peer.WriteAsync(Frame(Continuation, 0, 1, header), Stop);
        }
        catch (IOException)
        {
            // The connection has ended.
        }

        Assert.True(await ended.WaitAsync(TimeSpan.FromSeconds(20), Stop));
        Assert.InRange(sent, 1, 9_999);
        await OthersAreServedAsync();
    }

    [Fact]
    public async Task M04_more_streams_than_agreed_are_refused()
    {
        await using var peer = await ConnectAsync();
        // They ask for a body that never comes.
        byte[] post =
        [
            .. Frame(
                Headers,
                EndHeaders,
                0,
                [0x83, 0x87, 0x04, 6, .. "/token"u8, 0x01, 9, .. "localhost"u8, 0x0F, 0x10, 33, .. "application/x-www-form-urlencoded"u8]
            ),
        ];
        for (var stream = 1; stream < 2 * 120; stream += 2)
        {
            BinaryPrimitives.WriteInt32BigEndian(post.AsSpan(5), stream);
            await peer.WriteAsync(post, Stop);
        }

        var refused = 0;
        while (refused < 20 && await ReadFrameAsync(peer) is var (type, payload) && type != GoAway)
            refused += type == Reset && payload[3] == 7 ? 1 : 0; // REFUSED_STREAM

        Assert.Equal(20, refused);
        await OthersAreServedAsync();
    }

    [Fact, Trait("Spec", "RFC 9113 §6.8")]
    public async Task A_draining_server_says_goodbye_and_answers_what_was_asked()
    {
        await using var peer = await ConnectAsync();
        _server.Server.Endpoints.Health.Drain();
        await peer.WriteAsync(Frame(Headers, EndHeaders | EndStream, 1, Ask), Stop);

        var (goodbye, answered) = (false, false);
        while (!(goodbye && answered) && await ReadFrameAsync(peer) is var (type, payload))
        {
            goodbye |= type == GoAway && payload[7] == 0;
            answered |= type == Data && payload.Length > 0;
        }

        Assert.True(goodbye && answered);
    }

    /// <summary>GET /.well-known/jwks.json, without compression of anything.</summary>
    private static byte[] Ask => [0x82, 0x87, 0x04, 22, .. "/.well-known/jwks.json"u8, 0x01, 9, .. "localhost"u8];

    private async Task OthersAreServedAsync()
    {
        using var http = _server.NewHttp();
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/.well-known/jwks.json", Stop)).StatusCode);
    }

    private async Task<SslStream> ConnectAsync()
    {
        var client = new TcpClient();
        var url = new Uri(_server.Server.Addresses.First(a => a.StartsWith("https:", StringComparison.Ordinal)));
        await client.ConnectAsync(url.Host, url.Port, Stop);
        var stream = new SslStream(client.GetStream());
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                ApplicationProtocols = [SslApplicationProtocol.Http2],
#pragma warning disable CA5359 // The certificate is made by this test.
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
            },
            Stop
        );
        await stream.WriteAsync((byte[])[.. Encoding.ASCII.GetBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), .. Frame(Settings, 0, 0, [])], Stop);
        return stream;
    }

    private static byte[] Frame(byte type, int flags, int stream, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[9 + payload.Length];
        (frame[0], frame[1], frame[2]) = ((byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length);
        (frame[3], frame[4]) = (type, (byte)flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame.AsSpan(9));
        return frame;
    }

    /// <summary>True when the server has said goodbye or closed.</summary>
    private static async Task<bool> EndAsync(SslStream peer)
    {
        while (await ReadFrameAsync(peer) is var (type, _))
            if (type == GoAway)
                return true;
        return true;
    }

    private static async Task<(byte Type, byte[] Payload)?> ReadFrameAsync(SslStream peer)
    {
        try
        {
            var head = new byte[9];
            await peer.ReadExactlyAsync(head, Stop);
            var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
            await peer.ReadExactlyAsync(payload, Stop);
            return (head[3], payload);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
