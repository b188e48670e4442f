using System.Buffers.Binary;

namespace Ostiary.Faults.Town;

internal enum DiskFault
{
    None = 0,
    NoSpace = 1,
    InputOutput = 2,
    ShortWrite = 3,
    FailedFlush = 4,
    ReadOnly = 5,
}

/// <summary>A library between the server and its disk and clock, that does what this object says while the server runs. The machine's own clock and disk stay as they are.</summary>
internal sealed class Shim
{
    private static readonly SemaphoreSlim Compiling = new(1, 1);
    private readonly string _control;
    private readonly string _library;

    private Shim(string control, string library) => (_control, _library) = (control, library);

    public static async Task<Shim> MakeAsync(Ground ground)
    {
        var here = AppContext.BaseDirectory;
        var library = Path.Combine(here, "shim.so");
        var source = Path.Combine(here, "Town", "shim.c");
        await Compiling.WaitAsync();
        try
        {
            if (!File.Exists(library) || File.GetLastWriteTimeUtc(library) < File.GetLastWriteTimeUtc(source))
            {
                var made = library + Path.GetRandomFileName();
                await Commands.RunAsync("gcc", "-O2", "-shared", "-fPIC", "-o", made, source, "-ldl");
                File.Move(made, library, overwrite: true);
            }
        }
        finally
        {
            Compiling.Release();
        }
        var shim = new Shim(Path.Combine(ground.Root, $"shim-{Path.GetRandomFileName()}"), library);
        shim.Set(DiskFault.None);
        return shim;
    }

    public IReadOnlyDictionary<string, string> Environment(string below) =>
        new Dictionary<string, string>
        {
            ["LD_PRELOAD"] = _library,
            ["SHIM_CONTROL"] = _control,
            ["SHIM_BELOW"] = Path.GetFullPath(below),
        };

    /// <summary>From now on, in the running process too.</summary>
    public void Set(DiskFault fault, int every = 1, TimeSpan slowFlush = default, TimeSpan clock = default)
    {
        Span<byte> page = stackalloc byte[24];
        BinaryPrimitives.WriteInt32LittleEndian(page, (int)fault);
        BinaryPrimitives.WriteInt32LittleEndian(page[4..], every);
        BinaryPrimitives.WriteInt32LittleEndian(page[8..], (int)slowFlush.TotalMilliseconds);
        BinaryPrimitives.WriteInt64LittleEndian(page[16..], (long)clock.TotalSeconds);
        // The mapping sees what is written in place.
        using var file = new FileStream(_control, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        file.Write(page);
    }
}
