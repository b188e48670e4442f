using System.Runtime.InteropServices;
using Ostiary.Cli.Remote;

namespace Ostiary.Cli.Diagnosis;

/// <summary>What the program finds on the machine: system libraries, the clock, the environment.</summary>
internal static class MachineChecks
{
    private static readonly string[] KnownVariables =
    [
        "OSTIARY_SERVER",
        "OSTIARY_PROFILE",
        "OSTIARY_TOKEN",
        "OSTIARY_CLIENT_SECRET",
        "OSTIARY_DATABASE",
        "OSTIARY_DATABASE_PASSWORD_FILE",
    ];

    public static IEnumerable<Finding> Run() => [Sqlite(), Argon2(), Clock(), Environment(), .. SignIns()];

    private static Finding Sqlite()
    {
        if (!NativeLibrary.TryLoad("libsqlite3.so.0", out var library))
            return new(
                "SQLite",
                Outcome.Warn,
                "no libsqlite3.so.0 on this machine: the bundled version is used, which gets no security updates",
                "apt-get install libsqlite3-0"
            );
        try
        {
            return Finding.Pass("SQLite", $"{Version(library)} of the system");
        }
        finally
        {
            NativeLibrary.Free(library);
        }
    }

    private static unsafe string Version(nint library) =>
        NativeLibrary.TryGetExport(library, "sqlite3_libversion", out var entry)
            ? Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)entry)()) ?? "unknown version"
            : "unknown version";

    private static Finding Argon2()
    {
        if (!NativeLibrary.TryLoad("libargon2.so.1", out var library))
            return new(
                "Password hashing",
                Outcome.Warn,
                "no libargon2.so.1 on this machine: passwords are hashed by PBKDF2-SHA256, which is weaker against graphics cards",
                "apt-get install libargon2-1"
            );
        NativeLibrary.Free(library);
        return Finding.Pass("Password hashing", "argon2id");
    }

    /// <summary>The program was built before now, so a clock that says otherwise is wrong.</summary>
    private static Finding Clock()
    {
        var now = TimeProvider.System.GetUtcNow();
        var built = File.GetLastWriteTimeUtc(System.Environment.ProcessPath ?? "/proc/self/exe");
        return now.UtcDateTime < built.AddDays(-1) || now.Year > 2100
            ? new("Clock", Outcome.Fail, $"the clock says {now:u}, the program is from {built:u}", "set the clock: timedatectl set-ntp true")
            : Finding.Pass("Clock", $"{now:u}");
    }

    /// <summary>Nothing where nobody has signed in.</summary>
    private static IEnumerable<Finding> SignIns()
    {
        if (!File.Exists(KeptLogins.File))
            yield break;
        yield return KeptLogins.AreOfTheirOwnerAlone
            ? Finding.Pass("Sign-ins", $"{KeptLogins.File}, of its owner alone")
            : new("Sign-ins", Outcome.Fail, $"{KeptLogins.File} can be read by others, and holds tokens", $"chmod 600 {KeptLogins.File}");
    }

    private static Finding Environment()
    {
        var unknown = System
            .Environment.GetEnvironmentVariables()
            .Keys.Cast<string>()
            .Where(n => n.StartsWith("OSTIARY_", StringComparison.Ordinal) && !KnownVariables.Contains(n, StringComparer.Ordinal))
            .Order(StringComparer.Ordinal)
            .ToList();
        return unknown.Count == 0
            ? Finding.Pass("Environment", "no unknown OSTIARY_ variables")
            : new(
                "Environment",
                Outcome.Warn,
                "unknown and without effect: " + string.Join(", ", unknown),
                "known are " + string.Join(", ", KnownVariables)
            );
    }
}
