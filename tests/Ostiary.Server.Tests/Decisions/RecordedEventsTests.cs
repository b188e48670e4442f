using System.Text;
using Ostiary.Server.Admin;
using Ostiary.Server.Decisions;

namespace Ostiary.Server.Tests.Decisions;

public sealed class RecordedEventsTests : IDisposable
{
    private readonly LogFixture _log = new();

    public void Dispose() => _log.Dispose();

    [Fact]
    public async Task Shows_the_newest_records_as_they_stand_in_the_log()
    {
        _log.Fill(5);
        var events = new RecordedEvents(LogReader.Open(_log.Path, _log.Time), () => _log.Keys);

        var page = await events.ListAsync(new EventQuery(Limit: 2, ClientId: "spa"), CancellationToken.None);

        Assert.Equal(File.ReadAllLines(_log.Files[0])[3..5], page.Items.Select(item => Encoding.UTF8.GetString(item.Span)));
        Assert.Empty((await events.ListAsync(new EventQuery(ClientId: "other"), CancellationToken.None)).Items);
    }

    [Fact]
    public async Task Names_the_place_where_the_chain_breaks()
    {
        _log.Fill(5);
        var events = new RecordedEvents(LogReader.Open(_log.Path, _log.Time), () => _log.Keys);
        var sound = await events.VerifyAsync(CancellationToken.None);
        Assert.Equal((true, 6L, null), (sound.Intact, sound.Records, sound.Fault));

        File.WriteAllText(_log.Files[0], File.ReadAllText(_log.Files[0]).Replace("\"g-3\"", "\"g-4\"", StringComparison.Ordinal));
        var broken = await events.VerifyAsync(CancellationToken.None);

        Assert.False(broken.Intact);
        Assert.StartsWith("n1-000001.jsonl line 3: ", broken.Fault, StringComparison.Ordinal);
    }
}
