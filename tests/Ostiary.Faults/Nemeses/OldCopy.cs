using Ostiary.Faults.Town;

namespace Ostiary.Faults.Nemeses;

/// <summary>The data directory is copied, work goes on, and the copy is put back as it is.</summary>
internal sealed class OldCopy : INemesis
{
    private string? _copy;

    public async Task StrikeAsync(Round round, CancellationToken ct)
    {
        await round.Node.KillAsync();
        if (_copy is null)
        {
            _copy = round.Node.Data + ".copy";
            Copy(round.Node.Data, _copy);
        }
        else
        {
            Directory.Delete(round.Node.Data, recursive: true);
            Directory.Move(_copy, round.Node.Data);
            _copy = null;
        }
        await round.Node.StartAsync(ct);
        await Task.Delay(1_500, ct);
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from).Where(f => !f.EndsWith(".sock", StringComparison.Ordinal)))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (var directory in Directory.EnumerateDirectories(from))
            Copy(directory, Path.Combine(to, Path.GetFileName(directory)));
    }
}
