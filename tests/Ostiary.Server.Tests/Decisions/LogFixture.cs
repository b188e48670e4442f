using Ostiary.Protocol;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Decisions;

namespace Ostiary.Server.Tests.Decisions;

/// <summary>A data directory, a signing key and decisions to record.</summary>
internal sealed class LogFixture : IDisposable
{
    private readonly JwsSigner _signer = JwsSigner.Create(JsonWebKey.Generate("ES256", "es256-test"), "ES256");

    public LogFixture()
    {
        Keys = new JsonWebKeySet([_signer.Key.ToPublic()]);
        Directory.CreateDirectory(Path);
    }

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "ostiary-log-" + Entropy.Text(9));
    public FakeTime Time { get; } = new();
    public JsonWebKeySet Keys { get; }
    public string Events => System.IO.Path.Combine(Path, "events");
    public IReadOnlyList<string> Files => [.. Directory.GetFiles(Events, "*.jsonl").Order(StringComparer.Ordinal)];

    public string Sign(ReadOnlyMemory<byte> payload) => _signer.Sign(LogCheckpoint.Type, payload.Span);

    public DecisionLog Open(LogRetention? retention = null, string node = "n1") => DecisionLog.Open(Path, node, Time, Sign, retention);

    public DecisionRecord Decision(int number = 1) =>
        new()
        {
            At = Time.Now.AddMilliseconds(number),
            Flow = "flow_1",
            Act = "token.refresh",
            Passed = 7,
            ClientId = "spa",
            Subject = "alice",
            GrantId = "g-" + number,
            Scope = "openid notes.read",
            Audience = "https://api.example.test",
            Network = "192.0.2.0/24",
            Generation = number,
            Change = "rotated",
            Revision = 4,
        };

    public void Fill(int count, LogRetention? retention = null)
    {
        using var log = Open(retention);
        for (var i = 1; i <= count; i++)
            log.Record(Decision(i));
    }

    public async Task<LogVerification> VerifyAsync(JsonWebKeySet? keys = null) =>
        await LogReader.Open(Path, Time).VerifyAsync(keys ?? Keys, CancellationToken.None);

    public async Task<IReadOnlyList<LogEntry>> ListAsync(LogFilter? filter = null) =>
        await LogReader.Open(Path, Time).ListAsync(filter ?? new LogFilter { Limit = 100_000 }, CancellationToken.None);

    public void Dispose()
    {
        _signer.Dispose();
        Directory.Delete(Path, recursive: true);
    }
}
