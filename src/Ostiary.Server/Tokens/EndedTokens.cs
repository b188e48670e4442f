using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Ostiary.Server.Grants;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Tokens;

/// <summary>
/// The grants and access tokens that ended before their time, in the memory of a node, each until no token of it can be valid any more. About 80 bytes an entry:
/// the 128 bits of the id, the time, and the place in the table.
/// </summary>
public sealed class EndedTokens
{
    private readonly ConcurrentDictionary<UInt128, long> _until = new();

    public int Count => _until.Count;

    public bool Contains(string id) => _until.ContainsKey(KeyOf(id));

    public bool Contains(GrantId id) => _until.ContainsKey(id.Value);

    /// <summary>An entry is never made shorter.</summary>
    public void Add(GrantId id, DateTimeOffset until) => Add(id.Value, until);

    public void Add(string id, DateTimeOffset until) => Add(KeyOf(id), until);

    public void Add(Change change)
    {
        if (change.Kind is ChangeKind.GrantEnded or ChangeKind.TokenRevoked)
            Add(change.Id, change.Until);
    }

    /// <summary>Looks at every entry, so it is done seldom. Nothing depends on when.</summary>
    public void Forget(DateTimeOffset now)
    {
        var over = now.ToUnixTimeMilliseconds();
        foreach (var entry in _until)
        {
            if (entry.Value <= over)
                _until.TryRemove(entry);
        }
    }

    private void Add(UInt128 key, DateTimeOffset until) =>
        _until.AddOrUpdate(key, static (_, at) => at, static (_, before, at) => Math.Max(before, at), until.ToUnixTimeMilliseconds());

    /// <summary>Ids of grants and tokens are 128 random bits as text; anything else is hashed to as many.</summary>
    private static UInt128 KeyOf(string id) =>
        GrantId.TryParse(id, out var parsed) ? parsed.Value : BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(id)));
}
