using System.Text;
using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Decisions;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Tests.Decisions;

public sealed class DecisionLogTests : IDisposable
{
    private readonly LogFixture _log = new();

    public void Dispose() => _log.Dispose();

    [Fact]
    public async Task Records_a_decision_with_all_its_members()
    {
        var decision = _log.Decision() with { Refused = Reason.SecretWrong, SessionId = "s-1", TokenId = "t-1", Item = "client_secret" };
        using (var log = _log.Open())
            log.Record(decision);

        var entry = Assert.Single(await _log.ListAsync());

        Assert.Equal(decision, entry.Record);
        Assert.Equal(("n1", 1L), (entry.Node, entry.Seq));
        Assert.StartsWith("""{"seq":1,"at":"2026-11-20T12:00:00.001Z","prev":"AAAA""", entry.Json, StringComparison.Ordinal);
        Assert.Contains("\"refused\":\"secret-wrong\"", entry.Json, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_log.Files[0]));
    }

    [Fact]
    public async Task Is_in_the_file_before_it_returns()
    {
        using var log = _log.Open();
        log.Record(_log.Decision());

        Assert.Single(File.ReadAllLines(_log.Files[0]));
    }

    [Fact]
    public async Task Continues_the_chain_when_opened_again()
    {
        _log.Fill(3);
        _log.Fill(2);

        var verification = await _log.VerifyAsync();

        Assert.Null(verification.Broken);
        Assert.Equal(3, verification.Checkpoints);
        Assert.Equal([1L, 2, 3, 5, 7], (await _log.ListAsync()).Select(entry => entry.Seq));
    }

    [Fact]
    public async Task Signs_a_checkpoint_every_thousand_decisions_and_at_the_end()
    {
        using (var log = _log.Open())
        {
            for (var i = 0; i < 2500; i++)
                log.Record(_log.Decision(i));
            var running = await _log.VerifyAsync();
            Assert.Equal((2, 500), (running.Checkpoints, running.Heads[0].Unsigned));
        }
        var verification = await _log.VerifyAsync();

        Assert.Null(verification.Broken);
        Assert.Equal((2503, 3, 0), (verification.Lines, verification.Checkpoints, verification.Heads[0].Unsigned));
    }

    [Fact]
    public async Task A_signer_that_fails_refuses_nothing()
    {
        using (var log = DecisionLog.Open(_log.Path, "n1", _log.Time, _ => throw new StoreException(Reason.KeyUnreadable, "no key")))
        {
            for (var i = 0; i < 1500; i++)
                log.Record(_log.Decision(i));
        }
        Assert.Equal(1500, (await _log.ListAsync()).Count);
    }

    [Theory]
    [InlineData("ost_rt_1.AAAA")]
    [InlineData("prefix OST_CS_secret")]
    [InlineData("code=ost_ac_x&state=1")]
    [InlineData("device_code=ost_dc_x")]
    [InlineData("ost_at_x")]
    [InlineData("ost_key_x")]
    [InlineData("Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln")]
    [InlineData("eyJeyJhbGciOiJFUzI1NiJ9.e30.")]
    public async Task Never_holds_a_credential(string secret)
    {
        using (var log = DecisionLog.Open(_log.Path, "n1", _log.Time))
            log.Record(Everywhere(secret));

        var text = File.ReadAllText(_log.Files[0]);
        Assert.DoesNotContain(secret, text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("ost_", text, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("redacted", Assert.Single(await _log.ListAsync()).Record.ClientId);
    }

    [Fact]
    public async Task Half_of_a_surrogate_pair_is_replaced() => await Hostile_text_stays_in_its_value("\ud800 half of a pair");

    [Theory]
    [InlineData("a\r\n{\"seq\":2}")]
    [InlineData("\u001b[31mred\u001b[0m\u0000\u2028\u202e")]
    [InlineData("\"},\"hash\":\"x\"}\n")]
    [InlineData(",\"checkpoint\":\"x")]
    [InlineData("äöü 漢字 🔑")]
    public async Task Hostile_text_stays_in_its_value(string text)
    {
        using (var log = _log.Open())
        {
            log.Record(Everywhere(text));
            log.Record(_log.Decision());
        }
        var lines = File.ReadAllLines(_log.Files[0]);
        Assert.Equal(3, lines.Length);
        Assert.All(lines, line => Assert.All(line, c => Assert.InRange(c, ' ', '~')));
        Assert.Null((await _log.VerifyAsync()).Broken);
        var read = (await _log.ListAsync())[0].Record.ClientId;
        // Half of a pair has no place in UTF-8.
        Assert.Equal(text.StartsWith('\ud800') ? "\ufffd" + text[1..] : text, read);
    }

    [Fact]
    public async Task Cuts_long_text()
    {
        using (var log = _log.Open())
        {
            log.Record(Everywhere(new string('x', 1_000_000)));
            log.Record(Everywhere(string.Concat(Enumerable.Repeat("🔑", 5000))));
        }
        Assert.All(File.ReadAllLines(_log.Files[0]), line => Assert.True(line.Length < LogLine.MaxLength / 2));
        Assert.Null((await _log.VerifyAsync()).Broken);
        var entries = await _log.ListAsync();
        Assert.Equal(256, entries[0].Record.ClientId!.Length);
        Assert.EndsWith("🔑…", entries[1].Record.ClientId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keeps_one_chain_under_concurrent_writers()
    {
        using (var log = _log.Open(new LogRetention(FileSize: 64 * 1024, Files: 1000)))
        {
            await Task.WhenAll(
                Enumerable
                    .Range(0, 16)
                    .Select(writer =>
                        Task.Run(() =>
                        {
                            for (var i = 0; i < 250; i++)
                                log.Record(_log.Decision(i) with { ClientId = "writer-" + writer });
                        })
                    )
            );
        }
        var verification = await _log.VerifyAsync();
        Assert.Null(verification.Broken);
        Assert.Equal(4000, (await _log.ListAsync()).Count);
        Assert.True(_log.Files.Count > 10);
    }

    [Fact]
    public async Task Removes_old_files_and_still_verifies()
    {
        _log.Fill(2000, new LogRetention(FileSize: 32 * 1024, Files: 3));
        _log.Fill(200, new LogRetention(FileSize: 32 * 1024, Files: 3));

        Assert.Equal(3, _log.Files.Count);
        Assert.True(_log.Files.Sum(file => new FileInfo(file).Length) <= 3 * 32 * 1024);
        var verification = await _log.VerifyAsync();
        Assert.Null(verification.Broken);
        Assert.True(verification.Heads[0].Seq > 2200);
        Assert.True((await _log.ListAsync())[0].Seq > 1);
    }

    [Fact]
    public async Task A_removed_file_that_came_back_is_removed_again()
    {
        var retention = new LogRetention(FileSize: 8 * 1024, Files: 2);
        _log.Fill(20, retention);
        var first = _log.Files[0];
        var copy = File.ReadAllBytes(first);
        _log.Fill(40, retention);
        var index = JsonDocument.Parse(File.ReadAllText(Path.Combine(_log.Events, "n1.index.json"))).RootElement;
        if (index.GetProperty("hash").GetString() is { } hash && Encoding.ASCII.GetString(copy).Contains(hash, StringComparison.Ordinal))
            File.WriteAllBytes(first, copy);

        Assert.Null((await _log.VerifyAsync()).Broken);
        _log.Fill(1, retention);
        Assert.Null((await _log.VerifyAsync()).Broken);
    }

    [Fact]
    public void Has_one_writer_per_node()
    {
        using var log = _log.Open();
        using var other = _log.Open(node: "n2");

        var fault = Assert.Throws<StoreException>(() => _log.Open());

        Assert.Equal(Reason.StorageInUse, fault.Reason);
    }

    [Fact]
    public async Task Any_host_name_can_be_a_node()
    {
        using (var log = _log.Open(node: "../a.example-1 ü"))
            log.Record(_log.Decision());

        Assert.Equal("---a-example-1---000001.jsonl", Path.GetFileName(Assert.Single(_log.Files)));
        Assert.Equal("---a-example-1--", Assert.Single(await _log.ListAsync()).Node);
        Assert.Null((await _log.VerifyAsync()).Broken);
    }

    [Fact]
    public void Records_nothing_after_it_is_closed()
    {
        var log = _log.Open();
        log.Dispose();
        log.Dispose();

        Assert.Equal(Reason.LogUnavailable, Assert.Throws<StoreException>(() => log.Record(_log.Decision())).Reason);
    }

    [Fact]
    public async Task Keeps_the_newest_in_memory_without_a_directory()
    {
        using var log = DecisionLog.InMemory(_log.Time, _log.Sign, lines: 1024);
        for (var i = 1; i <= 5000; i++)
            log.Record(_log.Decision(i));

        var entries = await log.Reader.ListAsync(new LogFilter { Limit = 10_000 }, CancellationToken.None);
        var verification = await log.Reader.VerifyAsync(_log.Keys, CancellationToken.None);

        Assert.InRange(entries.Count, 1024, 1600);
        Assert.Equal(5000, entries[^1].Record.Generation);
        Assert.Null(verification.Broken);
    }

    private DecisionRecord Everywhere(string text) =>
        new()
        {
            At = _log.Time.Now,
            Flow = text,
            Act = text,
            ClientId = text,
            Subject = text,
            GrantId = text,
            SessionId = text,
            TokenId = text,
            Scope = text,
            Audience = text,
            Item = text,
            Network = text,
            Change = text,
        };
}
