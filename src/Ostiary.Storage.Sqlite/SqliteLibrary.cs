using System.Runtime.InteropServices;
using SQLitePCL;

namespace Ostiary.Storage.Sqlite;

/// <summary>Which SQLite runs: the system's, which the system keeps free of known faults, or where there is none the bundled one.</summary>
internal static class SqliteLibrary
{
    /// <summary>An AppContext switch for tests of the bundled library.</summary>
    public const string UseBundled = "Ostiary.Storage.Sqlite.UseBundled";

    private static readonly Lazy<string> Loaded = new(Load);

    /// <summary>For example <c>sqlite 3.40.1</c> or <c>sqlite 3.35.5 (bundled)</c>.</summary>
    public static string Name => Loaded.Value;

    private static string Load()
    {
        var bundled = true;
        var system = IntPtr.Zero;
        if (!(AppContext.TryGetSwitch(UseBundled, out var forced) && forced))
            bundled = !NativeLibrary.TryLoad("libsqlite3.so.0", out system);
        NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, (name, _, _) => name == "e_sqlite3" ? system : IntPtr.Zero);
        raw.SetProvider(new SQLite3Provider_e_sqlite3());
        raw.FreezeProvider();
        var version = raw.sqlite3_libversion().utf8_to_string();
        return bundled ? $"sqlite {version} (bundled)" : $"sqlite {version}";
    }
}
