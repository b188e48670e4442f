using System.Buffers;
using System.Text;
using System.Text.Json;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Decisions;

namespace Ostiary.Server.Tests.Decisions;

public sealed class LogVerificationTests : IDisposable
{
    private readonly LogFixture _log = new();

    public void Dispose() => _log.Dispose();

    [Fact]
    public async Task Every_flipped_byte_is_found()
    {
        _log.Fill(3);
        var file = _log.Files[0];
        var bytes = File.ReadAllBytes(file);
        var starts = bytes.Select((value, index) => value == '\n' ? index : -1).Where(index => index >= 0).ToList();
        for (var i = 0; i < bytes.Length - 1; i++)
        {
            bytes[i] ^= (byte)(1 << (i % 8));
            File.WriteAllBytes(file, bytes);
            var broken = (await _log.VerifyAsync()).Broken;
            Assert.NotNull(broken);
            Assert.Equal(starts.Count(start => start < i) + 1, broken.Line);
            bytes[i] ^= (byte)(1 << (i % 8));
        }
    }

    [Fact]
    public async Task Every_flipped_byte_of_the_index_of_removed_files_is_found()
    {
        _log.Fill(60, new LogRetention(FileSize: 8 * 1024, Files: 2));
        var file = Path.Combine(_log.Events, "n1.index.json");
        var bytes = File.ReadAllBytes(file);
        Assert.Null((await _log.VerifyAsync()).Broken);
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 1;
            File.WriteAllBytes(file, bytes);
            var verification = await _log.VerifyAsync();
            // A changed key id is an unknown key.
            Assert.True(verification.Broken is not null || verification.UnknownCheckpoints > 0);
            bytes[i] ^= 1;
        }
    }

    [Theory]
    [InlineData("removed", 3, "missing")]
    [InlineData("duplicated", 4, "repeated")]
    [InlineData("reordered", 3, "missing")]
    [InlineData("prepended", 2, "repeated")]
    public async Task A_line_that_is_not_in_its_place_is_found(string how, long line, string what)
    {
        _log.Fill(6);
        var lines = (File.ReadAllLines(_log.Files[0])).ToList();
        switch (how)
        {
            case "removed":
                lines.RemoveAt(2);
                break;
            case "duplicated":
                lines.Insert(3, lines[2]);
                break;
            case "reordered":
                (lines[2], lines[3]) = (lines[3], lines[2]);
                break;
            default:
                lines.Insert(0, lines[0]);
                break;
        }
        Write(lines);

        var broken = (await _log.VerifyAsync()).Broken!;

        Assert.Equal(("n1-000001.jsonl", line), (broken.File, broken.Line));
        Assert.Contains(what, broken.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_file_is_found()
    {
        _log.Fill(100, new LogRetention(FileSize: 8 * 1024, Files: 100));
        Assert.Null((await _log.VerifyAsync()).Broken);
        var middle = _log.Files[1];
        var content = File.ReadAllBytes(middle);
        File.Delete(middle);
        Assert.Contains("missing", (await _log.VerifyAsync()).Broken!.What, StringComparison.Ordinal);
        File.WriteAllBytes(middle, content);
        File.Delete(_log.Files[0]);
        Assert.Contains("missing", (await _log.VerifyAsync()).Broken!.What, StringComparison.Ordinal);
    }

    [Fact, Trait("Spec", "RFC 8725 §3.11")]
    public async Task A_rewritten_chain_is_found_by_its_checkpoint()
    {
        _log.Fill(6);
        var lines = (File.ReadAllLines(_log.Files[0])).ToList();
        lines[2] = lines[2].Replace("alice", "mallory", StringComparison.Ordinal);
        Write(Rechain(lines));

        var unsigned = await LogReader.Open(_log.Path, _log.Time).VerifyAsync(null, CancellationToken.None);
        Assert.Null(unsigned.Broken);
        var broken = (await _log.VerifyAsync()).Broken!;
        Assert.Equal(7, broken.Line);
        Assert.Contains("checkpoint", broken.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rewritten_chain_without_its_checkpoints_is_found()
    {
        _log.Fill(2500);
        var lines = (File.ReadAllLines(_log.Files[0])).Where(line => !line.Contains("\"checkpoint\"", StringComparison.Ordinal)).ToList();
        Write(Rechain(lines));

        Assert.Contains("no signed checkpoint", (await _log.VerifyAsync()).Broken!.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_checkpoint_of_an_unknown_key_proves_nothing()
    {
        _log.Fill(3);

        var verification = await _log.VerifyAsync(JsonWebKeySet.Empty);

        Assert.Null(verification.Broken);
        Assert.Equal((0, 1, 4), (verification.Checkpoints, verification.UnknownCheckpoints, verification.Heads[0].Unsigned));
    }

    [Fact]
    public async Task A_checkpoint_of_another_node_does_not_count()
    {
        _log.Fill(3);
        File.Move(_log.Files[0], Path.Combine(_log.Events, "n2-000001.jsonl"));

        Assert.Contains("checkpoint", (await _log.VerifyAsync()).Broken!.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_node_has_its_own_chain()
    {
        _log.Fill(3);
        using (var other = _log.Open(node: "n1-b"))
            other.Record(_log.Decision());

        var verification = await _log.VerifyAsync();

        Assert.Null(verification.Broken);
        Assert.Equal([("n1", 4L), ("n1-b", 2L)], verification.Heads.Select(head => (head.Node, head.Seq)));
    }

    [Fact]
    public async Task Nothing_recorded_is_a_sound_log()
    {
        var verification = await _log.VerifyAsync();

        Assert.Null(verification.Broken);
        Assert.Empty(verification.Heads);
    }

    private void Write(IEnumerable<string> lines) => File.WriteAllText(_log.Files[0], string.Concat(lines.Select(line => line + "\n")));

    // What somebody without the signing key can do.
    private static IEnumerable<string> Rechain(IEnumerable<string> lines)
    {
        var head = LogHead.Genesis;
        foreach (var line in lines)
        {
            using var json = JsonDocument.Parse(line);
            var buffer = new ArrayBufferWriter<byte>();
            using var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true });
            LogLine.Begin(writer, head, json.RootElement.GetProperty("at").GetDateTimeOffset());
            foreach (var member in json.RootElement.EnumerateObject().Where(member => member.Name is not ("seq" or "at" or "prev" or "hash")))
                member.WriteTo(writer);
            writer.Flush();
            head = LogLine.End(buffer, head);
            yield return Encoding.UTF8.GetString(buffer.WrittenSpan).TrimEnd('\n');
        }
    }
}
