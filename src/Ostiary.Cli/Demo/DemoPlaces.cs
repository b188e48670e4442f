using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Ostiary.Cli.Demo;

/// <summary>
/// Where the demo's programs are. The server is at <c>localhost</c>, the app at <c>127.0.0.1</c>: cookies do not tell ports apart, and these two must not share any.
/// </summary>
internal sealed record DemoPlaces
{
    public const string ApiIdentifier = "https://notes.example";
    public const string OtherApiIdentifier = "https://billing.example";

    public required string Issuer { get; init; }
    public required string Api { get; init; }

    /// <summary>The same kind of API for another audience: what it is sent is not meant for it.</summary>
    public required string OtherApi { get; init; }
    public required string Web { get; init; }

    /// <summary>The redirect URI of the public client, where nobody listens: the demo plays that app itself.</summary>
    public required string NativeCallback { get; init; }

    /// <summary>From a port on, or on free ports.</summary>
    public static DemoPlaces From(int? port, bool tls)
    {
        var scheme = tls ? "https" : "http";
        int Port(int offset) => port is { } first ? first + offset : FreePort();
        string At(string host, int offset) => string.Create(CultureInfo.InvariantCulture, $"{scheme}://{host}:{Port(offset)}");
        return new()
        {
            Issuer = At("localhost", 0),
            Api = At("127.0.0.1", 1),
            OtherApi = At("127.0.0.1", 2),
            Web = At("127.0.0.1", 3),
            NativeCallback = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort()}/callback"),
        };
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
