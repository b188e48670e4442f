using System.Diagnostics;
using System.Text;
using Ostiary.Bench.Load;

namespace Ostiary.Bench.Subjects;

/// <summary>The release build of this project.</summary>
internal sealed class OstiarySubject : Subject
{
    public const string Secret = "secret-of-the-robot-0123456789abcdefghijk";
    private const string Password = "correct horse battery staple";
    private const string Redirect = "http://127.0.0.1:1/cb";
    private readonly IDatabase? _database;
    private IReadOnlyList<string> _refreshTokens = [];

    private readonly string _program;
    private readonly string _data;

    private OstiarySubject(Process process, int port, IDatabase? database, string program, string data)
        : base(process, port) => (_database, _program, _data) = (database, program, data);

    /// <summary>Where several of them are compared.</summary>
    public string? Label { get; init; }

    /// <summary>Callers that rotate grants which were not made by signing in.</summary>
    public Func<int, IReadOnlyList<ICaller>>? RefreshCallers { get; init; }

    public override string Name => (_database is null ? "ostiary, SQLite" : "ostiary, PostgreSQL") + Label;

    public override TimeSpan DatabaseCpu => _database?.Cpu ?? TimeSpan.Zero;

    /// <summary>It listens when this returns.</summary>
    /// <param name="directory">May be one that an earlier server was started in.</param>
    /// <param name="operation">What will be measured, where that needs a configuration of its own.</param>
    /// <param name="preload">A library that is loaded before all others.</param>
    public static async Task<OstiarySubject> StartAsync(
        string program,
        string directory,
        IDatabase? database = null,
        string? preload = null,
        string? cores = null,
        string? label = null,
        Func<int, IReadOnlyList<ICaller>>? refreshCallers = null,
        Operation? operation = null
    )
    {
        Directory.CreateDirectory(directory);
        await File.WriteAllTextAsync(Path.Combine(directory, "ostiary.json"), Configuration.For(operation));
        await File.WriteAllTextAsync(Path.Combine(directory, "robot.secret"), Secret);
        await File.WriteAllTextAsync(Path.Combine(directory, "ada.password"), Password);
        var port = Machine.FreePort();
        var url = $"http://127.0.0.1:{port}";
        var data = Path.Combine(directory, "data");
        var process = Machine.Start(
            cores ?? Machine.ServerCore,
            program,
            [
                "serve",
                "--issuer",
                url,
                "--listen",
                url,
                "--store",
                database?.Url ?? "sqlite",
                "--data",
                data,
                "--config",
                Path.Combine(directory, "ostiary.json"),
            ],
            preload is null ? null : new Dictionary<string, string> { ["LD_PRELOAD"] = preload }
        );
        var said = new StringBuilder();
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            said.AppendLine(line);
            if (!line.StartsWith("listening", StringComparison.Ordinal))
                continue;
            Ignore(process);
            return new(process, port, database, program, data) { Label = label, RefreshCallers = refreshCallers };
        }
        throw new InvalidOperationException("The server did not start: " + said);
    }

    public override async Task<IReadOnlyList<ICaller>?> CallersAsync(Operation operation, int connections)
    {
        ICaller[] Each(Func<int, ICaller> make) => [.. Enumerable.Range(0, connections).Select(make)];
        switch (operation)
        {
            case Operation.ClientCredentials:
                var service = Http.Post("/token", "grant_type=client_credentials&scope=read", Http.Basic("robot", Secret));
                return Each(_ => new SameCaller(service, "{\"access_token\":\"eyJ"u8.ToArray(), 400));
            case Operation.IntrospectJwt:
            case Operation.IntrospectOpaque:
                var tokens = await TokensAsync(operation == Operation.IntrospectJwt ? "read" : "look", connections);
                return Each(i => new SameCaller(
                    Http.Post("/introspect", Http.Form(("token", tokens[i])), Http.Basic("gate", Secret)),
                    "\"active\":true"u8.ToArray(),
                    100
                ));
            case Operation.Refresh when RefreshCallers is not null:
                return RefreshCallers(connections);
            case Operation.Refresh:
                using (var browser = await SignInAsync())
                    _refreshTokens = await browser.TokensAsync("offline_access read", connections);
                return Each(i => new RotatingCaller("/token", "app", _refreshTokens[i]));
            case Operation.Code:
                using (var browser = await SignInAsync())
                {
                    var authorize = browser.AuthorizeRequest("openid read");
                    return Each(_ => new CodeCaller(authorize, "/token", "app", browser.Verifier, Redirect));
                }
            case Operation.Discovery:
                return Each(_ => new SameCaller(Http.Get("/.well-known/openid-configuration"), "\"token_endpoint\""u8.ToArray(), 500));
            case Operation.Jwks:
                return Each(_ => new SameCaller(Http.Get("/.well-known/jwks.json"), "{\"keys\":[{"u8.ToArray(), 100));
            default:
                return await FlowCallersAsync(operation, connections);
        }
    }

    private async Task<IReadOnlyList<ICaller>?> FlowCallersAsync(Operation operation, int connections)
    {
        ICaller[] Each(Func<int, ICaller> make) => [.. Enumerable.Range(0, connections).Select(make)];
        switch (operation)
        {
            case Operation.Push:
                return Each(i => new TurnsCaller([
                    .. Flows.Push("/par", i, connections).Select(request => new SameCaller(request, "\"request_uri\":\"urn:"u8.ToArray(), 300, 201)),
                ]));
            case Operation.Dpop:
                return Each(_ => Flows.Prove("/token", Port));
            case Operation.Device:
                return Each(_ => new SameCaller(Flows.Device("/device_authorization"), "{\"device_code\":\""u8.ToArray(), 200));
            case Operation.Exchange:
                using (var browser = await SignInAsync())
                {
                    var tokens = await browser.TokensAsync("openid read stock", connections, "access_token");
                    return Each(i => new SameCaller(Flows.ExchangeOf("/token", tokens[i]), "{\"access_token\":\"eyJ"u8.ToArray(), 400));
                }
            case Operation.Register:
                var permit = await Machine.RunAsync(_program, ["client", "initial-token", "create", "--data", _data, "--uses", "1000000", "--quiet"]);
                return Each(_ => new SameCaller(Flows.Register("/register", permit.Trim()), "\"client_id\":\""u8.ToArray(), 400, 201));
            default:
                return null;
        }
    }

    /// <summary>Signed in through the pages.</summary>
    public async Task<SignedInBrowser> SignInAsync()
    {
        var browser = new SignedInBrowser(Port, "/authorize", "/token", "app", Redirect);
        await browser.OpenAsync("openid read", html => SignedInBrowser.FormOf(html, ("username", "ada"), ("password", Password)));
        return browser;
    }

    /// <summary>How many bytes of claims a service's token has: the ceiling signs as many.</summary>
    public async Task<int> ClaimsLengthAsync()
    {
        var token = (await TokensAsync("read", 1))[0];
        return System.Buffers.Text.Base64Url.DecodeFromChars(token.Split('.')[1]).Length;
    }

    private async Task<IReadOnlyList<string>> TokensAsync(string scope, int count)
    {
        using var http = new HttpClient();
        var tokens = new List<string>();
        for (var i = 0; i < count; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{Port}/token");
            request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"robot:{Secret}")));
            request.Content = new StringContent($"grant_type=client_credentials&scope={scope}", null, "application/x-www-form-urlencoded");
            using var answer = await http.SendAsync(request);
            tokens.Add(await SignedInBrowser.MemberAsync(answer, "access_token"));
        }
        return tokens;
    }
}

/// <summary>A database server beside the server.</summary>
internal interface IDatabase
{
    string Url { get; }

    TimeSpan Cpu { get; }
}
