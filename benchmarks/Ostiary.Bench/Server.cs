using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ostiary.Protocol;

namespace Ostiary.Bench;

/// <summary>A process under measurement, pinned to the first core.</summary>
internal sealed class Server : IDisposable
{
    public const string RobotSecret = "secret-of-the-robot-0123456789abcdefghijk";
    private const string Password = "correct horse battery staple";
    private const string Redirect = "http://127.0.0.1:1/cb";
    private readonly Process _process;

    private Server(Process process, int port) => (_process, Port) = (process, port);

    public int Port { get; }

    /// <summary>Resident memory in bytes.</summary>
    public long Memory =>
        long.Parse(Regex.Match(File.ReadAllText($"/proc/{_process.Id}/status"), @"VmRSS:\s+(\d+)").Groups[1].Value, CultureInfo.InvariantCulture)
        * 1024;

    /// <summary>Processor time that it has used.</summary>
    public TimeSpan Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>The program itself. It listens when this returns.</summary>
    public static async Task<Server> StartAsync(string program, string store, string directory, bool pinned = true)
    {
        Directory.CreateDirectory(directory);
        await File.WriteAllTextAsync(Path.Combine(directory, "ostiary.json"), Configuration);
        await File.WriteAllTextAsync(Path.Combine(directory, "robot.secret"), RobotSecret);
        await File.WriteAllTextAsync(Path.Combine(directory, "ada.password"), Password);
        var port = FreePort();
        var url = $"http://127.0.0.1:{port}";
        var process = Begin(
            pinned,
            program,
            [
                "serve",
                "--issuer",
                url,
                "--listen",
                url,
                "--store",
                store,
                "--data",
                Path.Combine(directory, "data"),
                "--config",
                Path.Combine(directory, "ostiary.json"),
            ]
        );
        var said = "";
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            said += line;
            if (!line.StartsWith("listening", StringComparison.Ordinal))
                continue;
            _ = process.StandardError.ReadToEndAsync();
            return new(process, port);
        }
        throw new InvalidOperationException("The server did not start: " + said);
    }

    /// <summary>The bare handler of this program.</summary>
    public static async Task<Server> StartBareAsync(int payloadLength)
    {
        var port = FreePort();
        var process = Begin(
            true,
            Environment.ProcessPath!,
            ["bare", $"http://127.0.0.1:{port}", payloadLength.ToString(CultureInfo.InvariantCulture)]
        );
        _ = process.StandardError.ReadToEndAsync();
        for (var tries = 0; tries < 200; tries++)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, port);
                return new(process, port);
            }
            catch (SocketException)
            {
                await Task.Delay(50);
            }
        }
        throw new InvalidOperationException("The bare handler did not start.");
    }

    /// <summary>Signs a person in with the real pages, then gets a refresh token for each of that many grants.</summary>
    public async Task<IReadOnlyList<string>> SignInAsync(int grants)
    {
        var cookies = new CookieContainer();
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = cookies })
        {
            BaseAddress = new($"http://127.0.0.1:{Port}"),
        };
        var verifier = Entropy.Text(32);
        var authorize =
            $"/authorize?client_id=app&response_type=code&redirect_uri={Uri.EscapeDataString(Redirect)}&scope=offline_access%20read&state=s&code_challenge={Pkce.ChallengeOf(verifier)}&code_challenge_method=S256";
        using var asked = await http.GetAsync(new Uri(authorize, UriKind.Relative));
        var login = asked.Headers.Location!;
        var html = await http.GetStringAsync(login);
        var csrf = WebUtility.HtmlDecode(Regex.Match(html, "name=\"csrf\"[^>]*value=\"([^\"]*)\"").Groups[1].Value);
        using var signedIn = await http.PostAsync(login, Form(("csrf", csrf), ("username", "ada"), ("password", Password)));
        if (signedIn.StatusCode != HttpStatusCode.SeeOther)
            throw new InvalidDataException($"The sign-in gave {signedIn.StatusCode}.");
        var tokens = new List<string>();
        for (var i = 0; i < grants; i++)
        {
            using var redirect = await http.GetAsync(new Uri(authorize, UriKind.Relative));
            var code = Uri.UnescapeDataString(Regex.Match(redirect.Headers.Location!.OriginalString, "[?&]code=([^&]+)").Groups[1].Value);
            using var answer = await http.PostAsync(
                new Uri("/token", UriKind.Relative),
                Form(
                    ("grant_type", "authorization_code"),
                    ("client_id", "app"),
                    ("code", code),
                    ("code_verifier", verifier),
                    ("redirect_uri", Redirect)
                )
            );
            using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
            tokens.Add(json.RootElement.GetProperty("refresh_token").GetString()!);
        }
        return tokens;
    }

    /// <summary>How many bytes of claims a service's token has.</summary>
    public async Task<int> ClaimsLengthAsync()
    {
        using var http = new HttpClient();
        using var answer = await http.PostAsync(
            new Uri($"http://127.0.0.1:{Port}/token"),
            Form(("grant_type", "client_credentials"), ("client_id", "poster"), ("client_secret", RobotSecret))
        );
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return System.Buffers.Text.Base64Url.DecodeFromChars(json.RootElement.GetProperty("access_token").GetString()!.Split('.')[1]).Length;
    }

    /// <summary>One token for the service.</summary>
    public Task<double> FirstTokenAsync() => Generator.RunAsync(Port, [new ServiceCaller()], TimeSpan.FromTicks(1));

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static Process Begin(bool pinned, string program, string[] arguments)
    {
        // This process is pinned itself, and children inherit that.
        string[] all = ["taskset", "-c", pinned ? "0" : $"0-{Environment.ProcessorCount - 1}", program, .. arguments];
        return Process.Start(new ProcessStartInfo(all[0], all[1..]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
    }

    private static FormUrlEncodedContent Form(params (string Name, string Value)[] form) =>
        new(form.Select(f => KeyValuePair.Create(f.Name, f.Value)));

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private const string Configuration = """
        {
          "apis": [{ "identifier": "https://api.example", "scopes": [{ "name": "read", "description": "Read", "default": true }] }],
          "clients": [
            { "client_id": "app", "type": "spa", "redirect_uris": ["http://127.0.0.1:1/cb"], "scope": "offline_access read", "consent": "none" },
            { "client_id": "poster", "type": "service", "scope": "read", "token_endpoint_auth_method": "client_secret_post", "client_secret": { "file": "robot.secret" } },
            { "client_id": "robot", "type": "service", "scope": "read", "client_secret": { "file": "robot.secret" } }
          ],
          "users": [{ "username": "ada", "email": "ada@example.test", "password": { "file": "ada.password" } }]
        }
        """;
}
