using Ostiary.Server.Stores;

namespace Ostiary.Server.Hosting;

/// <summary>All issuers of a server, opened one after the other and closed in reverse. If one cannot be opened, none is.</summary>
internal sealed class Premises : IAsyncDisposable
{
    private readonly List<IssuerHouse> _houses = [];
    private SharedWork? _shared;
    private DataDirectory? _root;

    public IReadOnlyList<IssuerHouse> Houses => _houses;

    public static async ValueTask<Premises> OpenAsync(ServerOptions options, StoreOpener openStores, TimeProvider time, CancellationToken ct)
    {
        var premises = new Premises();
        try
        {
            var each = IssuerSet.Split(options);
            if (options.DataDirectory is { } data && each.All(o => o.DataDirectory != data))
                premises._root = DataDirectory.Open(data); // No second server on it, even one of other issuers.
            if (each.Count > 1)
                premises._shared = new(options.ReadLimits());
            foreach (var issuer in each)
                premises._houses.Add(await IssuerHouse.OpenAsync(issuer, openStores, time, ct, premises._shared));
            return premises;
        }
        catch
        {
            await premises.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var house in Enumerable.Reverse(_houses))
            await house.DisposeAsync();
        _shared?.Dispose();
        _root?.Dispose();
    }
}
