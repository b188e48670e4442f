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

    private static async Task<int> RunAsync(Invocation invocation)
    {
        var url = string.Create(CultureInfo.InvariantCulture, $"http://localhost:{invocation.Value(Port) ?? 9400}");
        var data = invocation.Value(Data) is { } kept ? Path.GetFullPath(kept) : null;
        // Without data there is still a socket, so that the other commands can administer this server.
        var temporary = data is null ? Directory.CreateTempSubdirectory("ostiary-dev-").FullName : null;
        try
        {
            var options = new ServerOptions
            {
                Issuer = url,
                Listen = [url],
                DataDirectory = data,
                Store = data is null ? "memory" : "sqlite",
                AdministrationSocket = temporary is null ? null : Path.Combine(temporary, "admin.sock"),
                AllowLoopbackFetch = true,
                Development = true,
            };
            Task Greeted(OstiaryServer server)
            {
                Greet(invocation.Terminal, server.Issuer.Url.Text, data, data ?? temporary!);
                return Task.CompletedTask;
            }
            return await ServerRun.UntilStoppedAsync(ServeCommand.Checked(options), invocation, DemoData.SeedAsync, Greeted);
        }
        finally
        {
            if (temporary is not null)
                Directory.Delete(temporary, recursive: true);
        }
    }

    private static void Greet(Terminal terminal, string issuer, string? kept, string directory)
    {
        var ink = terminal.ErrorInk;
        terminal.Note(
            $"""
            ostiary {VersionCommand.Number}  development server: {(
                kept is null ? "data in memory" : "data in " + kept
            )}, demo users, relaxed checks. Never expose it.

              Issuer      {issuer}
              Users       ada@example.test   bob@example.test     password: {DemoData.Password}
              Clients     web-demo (public, PKCE)   api-demo (client credentials, secret: {DemoData.ApiSecret})
              API         https://api.demo   scopes invoices:read invoices:write

            {ink.Bold(
                "Next"
            )}   echo {DemoData.ApiSecret} | ostiary token get --issuer {issuer} --client api-demo --scope invoices:read --secret-stdin
            {ink.Bold("Login")}  ostiary login {issuer}
            {ink.Bold("Look")}   ostiary client list --data {directory}
            {ink.Bold("Keep")}   ostiary dev --data dev-data            {ink.Bold("Stop")}  Ctrl+C

            """
        );
    }
}
