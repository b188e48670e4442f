using Ostiary.Faults.Sabotage;
using Ostiary.Faults.Town;

namespace Ostiary.Faults;

/// <summary>A checker that finds nothing proves nothing: servers with one safeguard switched off, each of which it has to find.</summary>
[Trait("Speed", "Slow")]
public sealed class PlantedFaultTests
{
    public static TheoryData<string> Faults => [.. PlantedFault.All.Select(fault => fault.Name)];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Finds_the_planted_fault(string name)
    {
        var fault = PlantedFault.All.Single(f => f.Name == name);
        var result = await Round.RunAsync(
            new()
            {
                Name = "planted",
                Store = fault.Store,
                Fault = name,
                Length = TimeSpan.FromSeconds(fault.Seconds * 2),
                WithShim = true,
                UntilFound = true,
            },
            fault.Nemesis(),
            TestContext.Current.CancellationToken
        );
        TestContext.Current.TestOutputHelper?.WriteLine(Report.Of(result));
        Assert.True(result.Violations.Count > 0, "not found: " + Report.Of(result));
        Report.AddPlanted(name, fault.What, result);
    }
}
