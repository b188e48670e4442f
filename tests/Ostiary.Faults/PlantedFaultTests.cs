using Ostiary.Faults.Sabotage;
using Ostiary.Faults.Town;

namespace Ostiary.Faults;

/// <summary>A checker that finds nothing proves nothing: servers with one safeguard switched off, each of which it has to find.</summary>
[Trait("Speed", "Slow")]
public sealed class PlantedFaultTests
{
    /// <summary>Of different kinds, for every run of the tests; the others are for the long one.</summary>
    private static readonly string[] Usual = ["generation-not-compared", "answer-before-write", "feed-not-written", "client-not-bound"];

    public static TheoryData<string> UsualFaults => [.. Usual];
    public static TheoryData<string> OtherFaults => [.. PlantedFault.All.Select(fault => fault.Name).Except(Usual)];

    [Theory]
    [MemberData(nameof(UsualFaults))]
    public Task Finds_the_planted_fault(string name) => FindsAsync(name);

    [Theory]
    [Trait("Faults", "Long")]
    [MemberData(nameof(OtherFaults))]
    public Task Finds_every_planted_fault(string name) => FindsAsync(name);

    private static async Task FindsAsync(string name)
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
