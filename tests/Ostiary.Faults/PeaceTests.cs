using Ostiary.Faults.Nemeses;
using Ostiary.Faults.Town;

namespace Ostiary.Faults;

/// <summary>Without a fault the checker finds nothing: otherwise it would mean nothing when it finds something.</summary>
[Trait("Speed", "Slow")]
public sealed class PeaceTests
{
    [Theory]
    [InlineData("memory")]
    [InlineData("sqlite")]
    public async Task Finds_nothing_where_nothing_is_wrong(string store)
    {
        var result = await Round.RunAsync(
            new()
            {
                Name = "R00 peace",
                Store = store,
                Length = Report.Length(7, 30),
            },
            new Peace(),
            TestContext.Current.CancellationToken
        );
        Report.Add("R00", "nothing: the control", result);
        Assert.True(result.Violations.Count == 0, Report.Of(result));
        Assert.True(result.Ops.Count > 300, Report.Of(result));
    }
}
