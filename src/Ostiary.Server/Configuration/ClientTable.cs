using System.Collections;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Ostiary.Server.Configuration;

/// <summary>
/// The clients of a configuration by id, immutable. It knows which were put since it was last settled, and how many registered themselves, so that one more costs as
/// much among many as among few: clients register at any time, and others with them.
/// </summary>
internal sealed class ClientTable : IReadOnlyDictionary<string, ClientDocument>
{
    private readonly ImmutableDictionary<string, ClientDocument> _all;

    /// <summary>What the changes since are told from; null: it is settled itself.</summary>
    private readonly ClientTable? _settled;
    private readonly ImmutableHashSet<string> _put;

    private ClientTable(
        ImmutableDictionary<string, ClientDocument> all,
        int registered,
        int nextOrder,
        ClientTable? settled = null,
        ImmutableHashSet<string>? put = null
    ) =>
        (_all, Registered, NextOrder, _settled, _put) = (
            all,
            registered,
            nextOrder,
            settled,
            put ?? ImmutableHashSet.Create<string>(StringComparer.Ordinal)
        );

    public static ClientTable Empty { get; } = new(ImmutableDictionary.Create<string, ClientDocument>(StringComparer.Ordinal), 0, 0);

    /// <summary>How many registered themselves.</summary>
    public int Registered { get; }

    /// <summary>A place after all of them.</summary>
    public int NextOrder { get; }
    public int Count => _all.Count;
    public IEnumerable<string> Keys => _all.Keys;
    public IEnumerable<ClientDocument> Values => _all.Values;
    public ClientDocument this[string key] => _all[key];

    /// <summary>From now on changes are told from here.</summary>
    public ClientTable Settled() => _settled is null ? this : new(_all, Registered, NextOrder);

    public ClientTable SetItem(string id, ClientDocument client)
    {
        var registered = Registered + One(client) - One(_all.GetValueOrDefault(id));
        return new(_all.SetItem(id, client), registered, Math.Max(NextOrder, client.Order + 1), _settled ?? this, _put.Add(id));
    }

    public ClientTable Remove(string id) => RemoveRange([id]);

    /// <summary>After this all are looked at: what names a client that is gone may be anywhere.</summary>
    public ClientTable RemoveRange(IEnumerable<string> ids)
    {
        var left = _all.RemoveRange(ids);
        return new(left, left.Values.Sum(One), left.Values.Select(client => client.Order + 1).DefaultIfEmpty(0).Max());
    }

    /// <summary>The ids of those that were put since <paramref name="before"/>, where nothing else became of it; null: all may be others.</summary>
    public IReadOnlyCollection<string>? PutSince(ClientTable before) =>
        ReferenceEquals(this, before) ? []
        : ReferenceEquals(_settled, before) ? _put
        : null;

    public bool ContainsKey(string key) => _all.ContainsKey(key);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out ClientDocument value) => _all.TryGetValue(key, out value);

    public IEnumerator<KeyValuePair<string, ClientDocument>> GetEnumerator() => _all.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static int One(ClientDocument? client) => client?.Registration is null ? 0 : 1;
}
