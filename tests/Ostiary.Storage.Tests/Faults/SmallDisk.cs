using System.Diagnostics;
using System.Runtime.Versioning;

namespace Ostiary.Storage.Tests.Faults;

/// <summary>A file system of one megabyte, where this process may mount one; else a plain directory, which cannot be filled.</summary>
[SupportedOSPlatform("linux")]
internal sealed class SmallDisk : IDisposable
{
    private readonly bool mounted;

    public SmallDisk()
    {
        Path = Directory.CreateTempSubdirectory("ostiary-disk-").FullName;
        mounted = Run("mount", "-t", "tmpfs", "-o", "size=1m", "ostiary-test", Path);
    }

    public bool CanBeFilled => mounted;

    public string Path { get; }

    public void Fill()
    {
        using var filler = new FileStream(System.IO.Path.Combine(Path, "filler"), FileMode.Append);
        try
        {
            while (true)
            {
                filler.Write(new byte[4096]);
                filler.Flush();
            }
        }
        catch (IOException)
        {
            // Full, as was wanted.
        }
    }

    public void Free() => File.Delete(System.IO.Path.Combine(Path, "filler"));

    public void MakeReadOnly()
    {
        if (mounted)
            Assert.True(Run("mount", "-o", "remount,ro", Path));
        else
            Assert.True(Run("chmod", "-R", "a-w", Path));
    }

    public void Dispose()
    {
        if (mounted)
            Run("umount", Path);
        else
            Run("chmod", "-R", "u+w", Path);
        Directory.Delete(Path, recursive: true);
    }

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
