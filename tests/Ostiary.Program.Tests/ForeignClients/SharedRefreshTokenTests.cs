using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Ostiary.Program.Tests.Faults;

namespace Ostiary.Program.Tests.ForeignClients;

/// <summary>
/// Five programs on one computer have one sign-in among them, and no lock: when the access token is over, all of them refresh with the same refresh token at
/// once. Command lines and editors with several windows do that every day. Nobody may be sent to sign in again for it.
/// </summary>
[Trait("Speed", "Slow")]
[Collection("Faults")]
public sealed class SharedRefreshTokenTests : IDisposable
{
    private const int Processes = 5;
    private const int Rounds = 1000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Ground _ground = new();

    public void Dispose() => _ground.Dispose();

    [Fact, Trait("Spec", "RFC 9700 §4.14.2")]
    public async Task Five_processes_share_one_refresh_token_for_a_thousand_rounds()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var server = await RunningServer.StartAsync("sqlite", _ground.Data, _ground.Config);
        using var caller = new Caller(server);
        var code = await caller.AuthorizeAsync(await caller.SignInAsync(ct), ct);
        var first = (await caller.RedeemAsync(code!, ct))["refresh_token"];
        var racers = Enumerable.Range(0, Processes).Select(_ => new Racer(server, first)).ToList();
        try
        {
            var seen = new HashSet<string>(StringComparer.Ordinal) { first };
            for (var round = 0; round < Rounds; round++)
            {
                // In every tenth round one of them loses its answer.
                var unlucky = round % 10 == 9 ? round / 10 % Processes : -1;
                for (var i = 0; i < Processes; i++)
                    racers[i].Go(lost: i == unlucky);
                var answers = await Task.WhenAll(racers.Select(r => r.AnswerAsync())).WaitAsync(Patience, ct);
                Assert.All(answers, a => Assert.Equal((200, null), (a.Status, a.Error)));
                // One of them rotated it, and the others got the same successor.
                Assert.True(
                    seen.Add(Assert.Single(answers.Select(a => a.Token).Distinct())),
                    "round " + round.ToString(CultureInfo.InvariantCulture)
                );
            }
            Assert.Equal(Rounds + 1, seen.Count);
            // The grant lives.
            Assert.True((await caller.RefreshAsync(racers[0].Token, ct)).IsOk);
        }
        finally
        {
            foreach (var racer in racers)
                await racer.DisposeAsync();
        }
    }

    private sealed record Answered(int Status, string? Error, string Token);

    /// <summary>One process, as a client that keeps the token in its memory.</summary>
    private sealed class Racer : IAsyncDisposable
    {
        private readonly Process _process;

        public Racer(RunningServer server, string token)
        {
            var script = Path.Combine(Checkout.Root, "tests", "foreign", "refresh.mjs");
            var endpoint = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{server.Port}/token");
            _process = Cli.Program.Start("node", [script, endpoint, "app", token], null);
            _process.ErrorDataReceived += static (_, _) => { };
            _process.BeginErrorReadLine();
            _process.StandardInput.AutoFlush = true;
        }

        public string Token { get; private set; } = "";

        public void Go(bool lost) => _process.StandardInput.Write(lost ? "lost\n" : "go\n");

        public async Task<Answered> AnswerAsync()
        {
            var line = await _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            Assert.NotNull(line);
            using var json = JsonDocument.Parse(line);
            Token = json.RootElement.GetProperty("token").GetString()!;
            var error = json.RootElement.TryGetProperty("error", out var said) ? said.GetString() : null;
            return new(json.RootElement.GetProperty("status").GetInt32(), error, Token);
        }

        public async ValueTask DisposeAsync()
        {
            if (!_process.HasExited)
                _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
            _process.Dispose();
        }
    }
}
