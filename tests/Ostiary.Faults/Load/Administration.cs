using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Ostiary.Faults.Records;

namespace Ostiary.Faults.Load;

/// <summary>The operator at the same time: objects come and go, a user is disabled and enabled, keys rotate, verifiers fetch them.</summary>
internal sealed class Administration(Recorder recorder, Func<string> socket, Caller caller, int seed) : IDisposable
{
    private readonly HttpClient _http = Client(socket);
    private readonly List<string> _made = [];
    private int _number;

    public bool RotatesKeys { get; init; } = true;

    public async Task RunAsync(CancellationToken stop, CancellationToken ct)
    {
        var random = new Random(seed);
        var rotateAt = recorder.History.Now + 700;
        for (var n = 0; !stop.IsCancellationRequested; n++)
        {
            await ObjectAsync(random, ct);
            if (n % 2 == 0)
                await FetchKeysAsync(ct);
            if (RotatesKeys && recorder.History.Now > rotateAt)
            {
                await RotateAsync(ct);
                rotateAt = recorder.History.Now + 1_300;
            }
            if (n % 16 == 3)
                await ChangeUserAsync(Act.Disable, ct);
            if (n % 16 == 8)
                await ChangeUserAsync(Act.Enable, ct);
            await Task.Delay(120, CancellationToken.None);
        }
    }

    /// <summary>The subject of a user, before the load begins.</summary>
    public async Task<string> SubjectAsync(string user, CancellationToken ct)
    {
        using var json = JsonDocument.Parse(await _http.GetStringAsync(new Uri("users/" + user, UriKind.Relative), ct));
        return json.RootElement.GetProperty("sub").GetString()!;
    }

    /// <summary>After the faults: everything is read, the user is enabled, the event log verified and compared.</summary>
    public async Task ProbeAsync(CancellationToken ct)
    {
        await ChangeUserAsync(Act.Enable, ct);
        foreach (var path in _made.TakeLast(60))
            await ReadAsync(path, ct);
        await FetchKeysAsync(ct);
    }

    /// <summary>Each node keeps a log of its own.</summary>
    public async Task ReadEventsAsync(IEnumerable<string> nodes, CancellationToken ct)
    {
        var op = recorder.History.Begin(new() { Act = Act.ReadEvents });
        var isIntact = true;
        var ids = new StringBuilder();
        foreach (var node in nodes)
        {
            using var http = Client(() => node);
            using var verified = JsonDocument.Parse(await http.GetStringAsync(new Uri("events/verify", UriKind.Relative), ct));
            isIntact &= verified.RootElement.GetProperty("intact").GetBoolean();
            foreach (var line in (await http.GetStringAsync(new Uri("events/export", UriKind.Relative), ct)).Split('\n').Where(l => l.Length > 0))
                if (IssuedBy(line) is { } id)
                    ids.Append(id).Append(' ');
        }
        recorder.History.End(op with { Outcome = Outcome.Ok, Active = isIntact, Text = ids.ToString() });
    }

    public void Dispose() => _http.Dispose();

    private static HttpClient Client(Func<string> socket) =>
        new(
            new SocketsHttpHandler
            {
                UseProxy = false,
                PooledConnectionLifetime = TimeSpan.Zero,
                ConnectCallback = (_, ct) => Caller.ConnectAsync(new UnixDomainSocketEndPoint(socket()), ct),
            }
        )
        {
            BaseAddress = new("http://localhost/admin/api/v1/"),
            Timeout = TimeSpan.FromSeconds(15),
        };

    /// <summary>The token that this record of a decision is about, where it gave one.</summary>
    private static string? IssuedBy(string line)
    {
        using var json = JsonDocument.Parse(line);
        var root = json.RootElement;
        return
            root.TryGetProperty("token", out var token)
            && !root.TryGetProperty("refused", out _)
            && root.GetProperty("act").GetString()!.StartsWith("token.", StringComparison.Ordinal)
            ? token.GetString()
            : null;
    }

    private async Task ObjectAsync(Random random, CancellationToken ct)
    {
        switch (random.Next(4))
        {
            case 0 when _made.Count > 0:
                await ReadAsync(_made[random.Next(_made.Count)], ct);
                break;
            case 1 when _made.Count > 3:
                var path = _made[random.Next(_made.Count)];
                await SendAsync(Act.Delete, path, () => _http.DeleteAsync(new Uri(path, UriKind.Relative), ct));
                break;
            default:
                await CreateAsync(ct);
                break;
        }
    }

    private async Task CreateAsync(CancellationToken ct)
    {
        var name = $"made-{seed}-{_number++}";
        var body = $$"""{"username":"{{name}}","email":"{{name}}@example.test"}""";
        _made.Add("users/" + name);
        await SendAsync(
            Act.Create,
            "users/" + name,
            async () =>
            {
                using var content = new StringContent(body, Encoding.UTF8, "application/json");
                return await _http.PostAsync(new Uri("users", UriKind.Relative), content, ct);
            }
        );
    }

    private Task<Op> ReadAsync(string path, CancellationToken ct) =>
        SendAsync(Act.Read, path, () => _http.GetAsync(new Uri(path, UriKind.Relative), ct));

    private Task<Op> ChangeUserAsync(Act act, CancellationToken ct) =>
        SignIn.UntilKnownAsync(
            () => SendAsync(act, "bob", () => _http.PostAsync(new Uri($"users/bob/{act.ToString().ToLowerInvariant()}", UriKind.Relative), null, ct)),
            ct
        );

    private Task<Op> RotateAsync(CancellationToken ct) =>
        SendAsync(
            Act.RotateKeys,
            "",
            async () =>
            {
                using var content = new StringContent("""{"alg":"ES256"}""", Encoding.UTF8, "application/json");
                return await _http.PostAsync(new Uri("keys/rotate", UriKind.Relative), content, ct);
            }
        );

    private Task<Op> FetchKeysAsync(CancellationToken ct) =>
        recorder.CallAsync(
            new() { Act = Act.FetchKeys },
            async () =>
            {
                var (answer, maxAge) = await caller.KeysAsync(ct);
                return (answer, op => op with { Text = answer.Text, Number1 = maxAge });
            }
        );

    private Task<Op> SendAsync(Act act, string item, Func<Task<HttpResponseMessage>> send) =>
        recorder.CallAsync(
            new() { Act = act, Item = item },
            async () =>
            {
                using var response = await send();
                return new Answer((int)response.StatusCode, await response.Content.ReadAsStringAsync());
            }
        );
}
