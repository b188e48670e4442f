using System.Net.Sockets;
using System.Text;

namespace Ostiary.Server.Tests.Harness;

/// <summary>Bytes on a socket, as no HTTP library would write them.</summary>
public static class RawHttp
{
    /// <summary>Sends a text and reads until the server closes or has said nothing for a moment.</summary>
    public static async Task<string> SendAsync(TestServer server, string text, int patience = 60)
    {
        using var client = new TcpClient();
        var url = new Uri(server.Server.Addresses[0]);
        await client.ConnectAsync(url.Host, url.Port, TestContext.Current.CancellationToken);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(text), TestContext.Current.CancellationToken);
        var answer = new StringBuilder();
        var buffer = new byte[16 * 1024];
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        try
        {
            while (true)
            {
                waiting.CancelAfter(answer.Length == 0 ? TimeSpan.FromSeconds(patience) : TimeSpan.FromMilliseconds(500));
                var count = await stream.ReadAsync(buffer, waiting.Token);
                if (count == 0)
                    break;
                answer.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // Nothing more comes.
        }
        return answer.ToString();
    }

    public static int StatusOf(string answer) =>
        answer.Length < 12 ? 0 : int.Parse(answer.AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture);

    public static string Request(string line, string body = "", params string[] headers)
    {
        var all = new List<string> { line, "Host: localhost", "Connection: close" };
        all.AddRange(headers);
        if (body.Length > 0)
            all.Add($"Content-Length: {body.Length}");
        return string.Join("\r\n", all) + "\r\n\r\n" + body;
    }
}
