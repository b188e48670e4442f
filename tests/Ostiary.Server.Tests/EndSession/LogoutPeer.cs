using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Ostiary.Server.EndSession;
using Ostiary.Server.Tests.Harness;
using Ostiary.Server.Tests.Outbound;

namespace Ostiary.Server.Tests.EndSession;

/// <summary>A client that is told of logouts: it keeps what it was sent and answers as a test says.</summary>
internal sealed class LogoutPeer : IAsyncDisposable
{
    /// <summary>Long: it only tells what never comes from what a busy machine is slow to do.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Peer _peer;

    public LogoutPeer()
    {
        Peer? peer = null;
        _peer = peer = new Peer(
            async (stream, ct) =>
            {
                Bodies.Enqueue(await BodyAsync(peer!.Asked!, stream, ct));
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {Status}\r\nContent-Length: 0\r\n\r\n"), ct);
            }
        );
    }

    public string Status { get; set; } = "200 OK";
    public ConcurrentQueue<string> Bodies { get; } = new();
    public string Url => $"https://127.0.0.1:{_peer.Port}/logout";
    public string? Asked => _peer.Asked;

    /// <summary>A server with a client <c>rp</c> that wants to be told.</summary>
    public async Task<TestServer> StartServerAsync(string more = "")
    {
        var server = await _peer.StartServerAsync();
        await server.AddClientAsync(
            $$"""{"client_id":"rp","type":"web","client_name":"Billing","redirect_uris":["CB"],"consent":"none","backchannel_logout_uri":"{{Url}}","backchannel_logout_session_required":true{{more}}}""",
            TestServer.WebSecret
        );
        return server;
    }

    /// <summary>The claims of the logout token that was sent as the n-th.</summary>
    public async Task<(string Token, JsonElement Header, JsonElement Claims)> TokenAsync(int number)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (Bodies.Count < number)
            await Task.Delay(10, patience.Token);
        var body = Bodies.ElementAt(number - 1);
        Assert.StartsWith("logout_token=", body, StringComparison.Ordinal);
        var token = body["logout_token=".Length..];
        return (token, Part(token, 0), Part(token, 1));
    }

    public static JsonElement Part(string token, int index)
    {
        using var json = JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(token.Split('.')[index]));
        return json.RootElement.Clone();
    }

    /// <summary>What the operator sees of a session's one client, once it is so.</summary>
    public static async Task<JsonElement> OutcomeAsync(TestServer server, string sessionId, string state, int tries)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            var session = await server.AdministerAsync("GET", "/sessions/" + sessionId);
            if (session.TryGetProperty("logout", out var logout))
            {
                var outcome = Assert.Single(logout.EnumerateArray());
                Assert.Equal("rp", outcome.GetProperty("client_id").GetString());
                // While somebody delivers it, its next time is the end of the lease.
                var next = outcome.TryGetProperty("next_try_at", out var at) ? at.GetDateTimeOffset() : (DateTimeOffset?)null;
                var settled = next is null || next == server.Time.GetUtcNow() + LogoutDelivery.PauseAfter(tries);
                if (settled && outcome.GetProperty("state").GetString() == state && outcome.GetProperty("tries").GetInt32() == tries)
                    return outcome;
            }
            await Task.Delay(10, patience.Token);
        }
    }

    public ValueTask DisposeAsync() => _peer.DisposeAsync();

    private static async Task<string> BodyAsync(string head, Stream stream, CancellationToken ct)
    {
        var body = new StringBuilder(head[(head.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
        var line = head.Split("\r\n").Single(l => l.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        var length = int.Parse(line.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);
        var buffer = new byte[4096];
        while (body.Length < length)
            body.Append(Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer, ct)));
        return body.ToString();
    }
}
