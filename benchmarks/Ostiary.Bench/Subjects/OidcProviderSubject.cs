using System.Diagnostics;
using System.Globalization;
using System.Text;
using Ostiary.Bench.Load;

namespace Ostiary.Bench.Subjects;

/// <summary>The npm server oidc-provider, in memory or on SQLite, on the Node that npm brings.</summary>
internal sealed class OidcProviderSubject : Subject
{
    private const string Redirect = "https://app.example/cb";
    private readonly string _name;

    private OidcProviderSubject(Process process, int port, string name)
        : base(process, port) => _name = name;

    public override string Name => _name;

    /// <summary>Installs it below <paramref name="artifacts"/>; null and a reason where that cannot be done.</summary>
    public static async Task<(string? Directory, string? WhyNot)> InstallAsync(string root, string artifacts)
    {
        var directory = Directory.CreateDirectory(Path.Combine(artifacts, "peers", "oidc-provider")).FullName;
        var source = Path.Combine(root, "benchmarks", "peers", "oidc-provider");
        var isNew = !File.Exists(Path.Combine(directory, "node_modules", ".package-lock.json"));
        foreach (var file in Directory.EnumerateFiles(source))
            File.Copy(file, Path.Combine(directory, Path.GetFileName(file)), overwrite: true);
        if (!isNew)
            return (directory, null);
        if (!Machine.Has("npm"))
            return (null, "npm is not installed");
        try
        {
            await Machine.RunAsync("npm", ["install", "--no-audit", "--no-fund", "--silent"], directory);
            return (directory, null);
        }
        catch (InvalidOperationException fault)
        {
            return (null, fault.Message.Split('\n')[0]);
        }
    }

    public static async Task<OidcProviderSubject> StartAsync(string directory, string? database)
    {
        var port = Machine.FreePort();
        List<string> arguments = ["server.mjs", port.ToString(CultureInfo.InvariantCulture)];
        if (database is not null)
            arguments.Add(database);
        var node = Path.Combine(directory, "node_modules", "node", "bin", "node");
        var environment = new Dictionary<string, string> { ["NODE_ENV"] = "production" };
        var process = Machine.Start(Machine.ServerCore, node, arguments, environment, directory);
        await Machine.ListeningAsync(port, process);
        Ignore(process);
        return new(process, port, database is null ? "oidc-provider 9, memory" : "oidc-provider 9, SQLite without flush");
    }

    public override async Task<IReadOnlyList<ICaller>?> CallersAsync(Operation operation, int connections)
    {
        ICaller[] Each(Func<int, ICaller> make) => [.. Enumerable.Range(0, connections).Select(make)];
        var robot = Http.Basic("robot", OstiarySubject.Secret);
        switch (operation)
        {
            case Operation.ClientCredentials:
                var service = Http.Post("/token", "grant_type=client_credentials&scope=read", robot);
                return Each(_ => new SameCaller(service, "{\"access_token\":\"eyJ"u8.ToArray(), 300));
            case Operation.IntrospectOpaque:
                var tokens = await OpaqueTokensAsync(connections);
                return Each(i => new SameCaller(
                    Http.Post("/token/introspection", Http.Form(("token", tokens[i])), robot),
                    "\"active\":true"u8.ToArray(),
                    100
                ));
            case Operation.Refresh:
                using (var browser = await SignInAsync("read"))
                {
                    var refresh = await browser.TokensAsync("read", connections);
                    return Each(i => new RotatingCaller("/token", "app", refresh[i]));
                }
            case Operation.Code:
                using (var browser = await SignInAsync("openid read"))
                {
                    var authorize = browser.AuthorizeRequest("openid read");
                    return Each(_ => new CodeCaller(authorize, "/token", "app", browser.Verifier, Redirect));
                }
            case Operation.Discovery:
                return Each(_ => new SameCaller(Http.Get("/.well-known/openid-configuration"), "\"token_endpoint\""u8.ToArray(), 500));
            case Operation.Jwks:
                return Each(_ => new SameCaller(Http.Get("/jwks"), "{\"keys\":[{"u8.ToArray(), 100));
            default:
                return null;
        }
    }

    private async Task<SignedInBrowser> SignInAsync(string scope)
    {
        var browser = new SignedInBrowser(Port, "/auth", "/token", "app", Redirect);
        await browser.OpenAsync(scope, html => SignedInBrowser.FormOf(html, ("login", "ada"), ("password", "any")));
        return browser;
    }

    private async Task<IReadOnlyList<string>> OpaqueTokensAsync(int count)
    {
        using var http = new HttpClient();
        var tokens = new List<string>();
        for (var i = 0; i < count; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{Port}/token");
            request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"robot:{OstiarySubject.Secret}")));
            var form = Http.Form(("grant_type", "client_credentials"), ("scope", "look"), ("resource", "https://opaque.example"));
            request.Content = new StringContent(form, null, "application/x-www-form-urlencoded");
            using var answer = await http.SendAsync(request);
            tokens.Add(await SignedInBrowser.MemberAsync(answer, "access_token"));
        }
        return tokens;
    }
}
