using System.Net.Sockets;
using System.Security.Authentication;
using Ostiary.Cli.Errors;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Administration;

/// <summary>Outgoing HTTP of the command line: no redirects, no proxies from the environment to loopback, failures in plain words.</summary>
internal static class Network
{
    /// <summary>Where requests and answers are shown; null: nowhere. Set once, from the command line.</summary>
    public static TextWriter? TraceTo { get; set; }

    public static HttpMessageHandler Handler() =>
        Traced(
            new()
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                ConnectTimeout = TimeSpan.FromSeconds(10),
            }
        );

    /// <summary>All connections go to one Unix socket.</summary>
    public static HttpMessageHandler Handler(string socket) =>
        Traced(
            new()
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                UseProxy = false,
                ConnectCallback = async (_, ct) => new NetworkStream(await ConnectAsync(socket, ct), ownsSocket: true),
            }
        );

    private static HttpMessageHandler Traced(SocketsHttpHandler handler) => TraceTo is { } trace ? new HttpTrace(handler, trace) : handler;

    public static async Task<Socket> ConnectAsync(string path, CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), ct);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A server's URL: https, or http on loopback, where nobody else reads along.</summary>
    public static Uri ParseServer(string text, string option)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || (url.Scheme != Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttp))
            throw CliException.Usage($"'{text}' is not the URL of a server ({option}).", $"{option} https://{text}");
        if (url.Scheme == Uri.UriSchemeHttp && !url.IsLoopback) // RFC 9700 §2.6
            throw new CliException(
                new(Reason.PlainHttpOffLoopback, $"'{text}' would carry tokens and secrets unencrypted. Nothing was sent.")
                {
                    Exit = ExitCode.Usage,
                    Try = $"{option} https://{url.Authority}",
                }
            );
        return url;
    }

    public static CliException Unreachable(string target, HttpRequestException failure) =>
        new(
            new(Reason.ServerUnreachable, $"{target} cannot be reached: {Cause(failure)}.")
            {
                Try =
                    failure.InnerException is AuthenticationException
                        ? "trust the server's certificate authority, or use the right scheme"
                        : "check the address, and that the server runs",
            }
        );

    public static CliException TimedOut(string target, TimeSpan timeout) =>
        new(new(Reason.ServerUnreachable, $"{target} did not answer within {timeout.TotalSeconds:0} s.") { Try = "--timeout 60s" });

    private static string Cause(HttpRequestException failure) =>
        failure.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => "the name is not known",
            HttpRequestError.SecureConnectionError => "TLS failed" + (failure.InnerException is { } inner ? $" ({inner.Message.TrimEnd('.')})" : ""),
            _ when failure.InnerException is SocketException socket => socket.SocketErrorCode switch
            {
                SocketError.ConnectionRefused => "the connection was refused",
                SocketError.HostNotFound => "the name is not known",
                SocketError.TimedOut => "the connection timed out",
                var other => other.ToString(),
            },
            HttpRequestError.InvalidResponse => "it does not speak plain HTTP here; the scheme may be https",
            var other => other.ToString(),
        };
}
