using System.Diagnostics;
using System.Globalization;

namespace Ostiary.Faults.Town;

/// <summary>
/// A shell that outlives whoever started it, also where that was killed: then it kills what was still running, unmounts and removes. It sees that by the end of
/// its input, and knows a process by its start time too, so that no other one with the same number is hit.
/// </summary>
internal sealed class Reaper : IDisposable
{
    private const string Script = """
        trap '' HUP INT TERM PIPE
        started() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
        family() { for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do family "$child"; done; echo "$1"; }
        processes= databases= mounts= directories=
        while read -r kind what when; do
          case $kind in
            process) processes="$processes $what:$when" ;;
            database) databases="$databases $what" ;;
            mount) mounts="$mounts $what" ;;
            directory) directories="$directories $what" ;;
          esac
        done
        for one in $processes; do
          [ "$(started "${one%%:*}")" = "${one##*:}" ] && kill -KILL $(family "${one%%:*}") 2>/dev/null
        done
        for one in $databases; do
          read -r pid <"$one/postmaster.pid" && [ "$(readlink "/proc/$pid/cwd")" = "$one" ] && kill -KILL $(family "$pid")
        done 2>/dev/null
        for one in $mounts; do umount --lazy "$one"; done 2>/dev/null
        [ -z "$directories" ] || { sleep 0.2; rm -rf $directories; } 2>/dev/null
        """;

    private static readonly Lazy<Reaper> Own = new(() => new());
    private readonly Lock _gate = new();
    private readonly Process _shell;

    public Reaper()
    {
        // A session of its own: a signal to the group of the tests is not for it.
        var info = new ProcessStartInfo("setsid", ["sh", "-c", Script]) { RedirectStandardInput = true, WorkingDirectory = "/" };
        _shell = Process.Start(info)!;
        _shell.StandardInput.AutoFlush = true;
    }

    /// <summary>Of this test process.</summary>
    public static Reaper OfThisProcess => Own.Value;

    public void Watch(Process process)
    {
        var file = $"/proc/{process.Id}/stat";
        if (!File.Exists(file))
            return;
        var fields = File.ReadAllText(file);
        fields = fields[(fields.LastIndexOf(')') + 2)..];
        Tell("process", string.Create(CultureInfo.InvariantCulture, $"{process.Id} {fields.Split(' ')[19]}"));
    }

    /// <summary>A database whose server is nobody's child: its own file says who it is.</summary>
    public void WatchDatabase(string directory) => Tell("database", directory);

    public void WatchMount(string path) => Tell("mount", path);

    public void WatchDirectory(string path) => Tell("directory", path);

    /// <summary>What also happens when this process is killed.</summary>
    public void Dispose()
    {
        _shell.StandardInput.Close();
        _shell.WaitForExit();
        _shell.Dispose();
    }

    internal void Tell(string kind, string what)
    {
        lock (_gate)
            _shell.StandardInput.WriteLine(kind + " " + what);
    }
}
