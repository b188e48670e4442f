using Ostiary.Server.Grants;

namespace Ostiary.Bench.Growth;

/// <summary>
/// Puts very many grants into a store, with the store's own tables: each is a copy of a row that the server itself has written, so it has every column as the
/// server writes it, whatever the tables look like. No server runs meanwhile.
/// </summary>
internal interface IGrantLoader
{
    /// <summary>Adds the grants with the numbers from <paramref name="first"/> up to, not including, <paramref name="end"/>.</summary>
    Task LoadAsync(GrantId template, long first, long end);

    /// <summary>Bytes that grants take on the disk, their indexes included.</summary>
    Task<long> SizeAsync();
}
