using System.Diagnostics;
using Ostiary.Faults.Town;

namespace Ostiary.Faults;

/// <summary>What is left of a test process that is killed.</summary>
public sealed class ReaperTests
{
    [Fact]
    public async Task Nothing_stays_behind()
    {
        var directory = Directory.CreateTempSubdirectory("ostiary-faults-").FullName;
        using var parent = Process.Start(new ProcessStartInfo("sh", ["-c", "sleep 600 & wait"]))!;
        var reaper = new Reaper();
        reaper.Watch(parent);
        reaper.WatchDirectory(directory);
        var children = $"/proc/{parent.Id}/task/{parent.Id}/children";
        string child;
        while ((child = (await File.ReadAllTextAsync(children, TestContext.Current.CancellationToken)).Trim()).Length == 0)
            await Task.Delay(10, TestContext.Current.CancellationToken);

        reaper.Dispose();

        await parent
            .WaitForExitAsync(TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.False(Directory.Exists(directory));
        Assert.False(
            File.Exists($"/proc/{child}/cmdline")
                && (await File.ReadAllTextAsync($"/proc/{child}/cmdline", TestContext.Current.CancellationToken)).Contains(
                    "600",
                    StringComparison.Ordinal
                )
        );
    }

    [Fact]
    public void A_process_with_the_same_number_is_not_hit()
    {
        using var other = Process.Start(new ProcessStartInfo("sleep", ["600"]))!;
        using (var reaper = new Reaper())
            reaper.Tell("process", $"{other.Id} 1");

        Assert.False(other.HasExited);
        other.Kill();
    }
}
