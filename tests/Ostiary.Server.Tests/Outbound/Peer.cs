using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Ostiary.Protocol;
using Ostiary.Server.Outbound;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Outbound;

/// <summary>Somebody else's https server on loopback, under the name <c>peer.test</c>: it answers each connection as a test says, byte by byte if need be.</summary>
internal sealed class Peer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly X509Certificate2 _certificate;
    private readonly Func<Stream, CancellationToken, Task> _answer;
    private readonly bool _secure;
    private readonly Task _accepting;
    private int _connections;

    public Peer(Func<Stream, CancellationToken, Task> answer, bool secure = true)
    {
        (_answer, _secure) = (answer, secure);
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + Entropy.Text(8), pair, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("peer.test");
        names.AddDnsName("other.test");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        _certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        Roots = [X509CertificateLoader.LoadCertificate(_certificate.RawData)];
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>The whole answer, as text.</summary>
    public Peer(string answer)
        : this(async (stream, ct) => await stream.WriteAsync(Encoding.Latin1.GetBytes(answer), ct)) { }

    public X509Certificate2Collection Roots { get; }
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;
    public string Url => $"https://peer.test:{Port}/doc";

    /// <summary>How often somebody connected.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>The last request's head.</summary>
    public string? Asked { get; private set; }

    public static string Ok(string body, string more = "", string type = "application/json") =>
        $"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n{more}\r\n{body}";

    /// <summary>A fetcher that may reach it.</summary>
    public GuardedFetcher Fetcher(Resolver? resolve = null) => new(allowLoopback: true, Roots, resolve ?? ToLoopback);

    /// <summary>A server that trusts it and may reach it, at <c>127.0.0.1</c>.</summary>
    public async Task<TestServer> StartServerAsync()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, Roots[0].ExportCertificatePem(), TestContext.Current.CancellationToken);
            return await TestServer.StartAsync(with: options => options with { AllowLoopbackFetch = true, ExtraCaFile = file });
        }
        finally
        {
            File.Delete(file);
        }
    }

    public static Task<IPAddress[]> ToLoopback(string host, CancellationToken ct) => Task.FromResult<IPAddress[]>([IPAddress.Loopback]);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _certificate.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                Interlocked.Increment(ref _connections);
                open.Add(ServeAsync(client));
            }
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or InvalidOperationException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var _ = client;
        try
        {
            Stream stream = client.GetStream();
            if (_secure)
            {
                var tls = new SslStream(stream);
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _stop.Token);
                stream = tls;
                Asked = await ReadHeadAsync(stream);
            }
            await using (stream)
                await _answer(stream, _stop.Token);
        }
        catch (Exception end) when (end is IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
        {
            // The other side went away.
        }
    }

    private async Task<string> ReadHeadAsync(Stream stream)
    {
        var head = new StringBuilder();
        var buffer = new byte[4096];
        while (!head.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            var length = await stream.ReadAsync(buffer, _stop.Token);
            if (length == 0)
                break;
            head.Append(Encoding.Latin1.GetString(buffer, 0, length));
        }
        return head.ToString();
    }
}
