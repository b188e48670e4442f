using Ostiary.Server.Hosting;
using Ostiary.Server.Stores;

namespace Ostiary.Cli.Hosting;

/// <summary>The format of a store, and the newest that this version knows.</summary>
internal sealed record Migration(string Engine, long Format, long Newest)
{
    public bool IsPending => Format < Newest;

    /// <summary>Looks, and unless it is only a check brings the store to the newest format: opening a store does that.</summary>
    public static async Task<Migration> RunAsync(ServerOptions options, bool check, CancellationToken ct)
    {
        var newest = Engines.NewestFormat(options);
        var found = await Engines.FormatAsync(options, ct);
        if (!check && found < newest)
        {
            using var directory = options.Database is null ? DataDirectory.Open(options.DataDirectory!) : null; // A database is open to all its nodes.
            await using var stores = await Engines.OpenAsync(options, TimeProvider.System, ct);
            found = await Engines.FormatAsync(options, ct);
        }
        return new(options.Store.Split(':')[0], found, newest);
    }
}
