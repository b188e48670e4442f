using System.CommandLine;
using System.Globalization;
using Ostiary.Cli.Hosting;
using Ostiary.Cli.Output;
using Ostiary.Server.Hosting;

namespace Ostiary.Cli.Commands;

/// <summary><c>ostiary dev</c>: a server with demo users, clients and an API, on loopback.</summary>
internal static class DevCommand
{
    private static readonly Option<int?> Port = new("--port") { Description = "Port on localhost (default 9400)", HelpName = "PORT" };
    private static readonly Option<string?> Data = new("--data") { Description = "Keep the data here; without it nothing is kept", HelpName = "DIR" };

    public static Verb Create() =>
        new Verb("dev", "Run a development server with demo users, clients and an API", RunAsync)
        {
            EndsWhenStopped = true,
            Examples = ["ostiary dev", "ostiary dev --port 9500 --data dev-data"],
        }.With(Port, Data);

    private static Task<int> RunAsync(Invocation invocation)
    {
        var url = string.Create(CultureInfo.InvariantCulture, $"http://localhost:{invocation.Value(Port) ?? 9400}");
        var data = invocation.Value(Data);
        var options = new ServerOptions
        {
            Issuer = url,
            Listen = [url],
            DataDirectory = data is null ? null : Path.GetFullPath(data),
            Store = data is null ? "memory" : "sqlite",
            AllowLoopbackFetch = true,
            Development = true,
        };
        return ServerRun.UntilStoppedAsync(ServeCommand.Checked(options), invocation, issuer => Greet(invocation.Terminal, issuer, data));
    }

    private static void Greet(Terminal terminal, string issuer, string? data)
    {
        var ink = terminal.ErrorInk;
        terminal.Note(
            $"""
            ostiary {VersionCommand.Number}  development server: {(
                data is null ? "data in memory" : "data in " + data
            )}, demo users, relaxed checks. Never expose it.

              Issuer      {issuer}
              Users       ada@example.test   bob@example.test     password: demo
              Clients     web-demo (public, PKCE)   api-demo (client credentials, secret: demo-secret-of-the-development-server)
              API         https://api.demo   scopes invoices:read invoices:write

            {ink.Bold(
                "Next"
            )}   echo demo-secret-of-the-development-server | ostiary token get --issuer {issuer} --client api-demo --scope invoices:read --secret-stdin
            {ink.Bold("Keep")}   ostiary dev --data dev-data            {ink.Bold("Stop")}  Ctrl+C

            """
        );
    }
}
