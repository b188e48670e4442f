using System.Collections.Frozen;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Keys;

/// <summary>Everything that readers see, at one revision.</summary>
internal sealed class RingState
{
    public const string Kind = "key";
    public static readonly RingState Empty = new([], TimeSpan.Zero, null);

    private readonly Dictionary<string, Entry> _entries;
    private readonly TimeSpan _maxAge;
    private readonly DateTimeOffset? _fence;

    private RingState(Dictionary<string, Entry> entries, TimeSpan maxAge, DateTimeOffset? fence)
    {
        _entries = entries;
        (_maxAge, _fence) = (maxAge, fence);
        Records = [.. entries.Values.Select(entry => entry.Record).OrderBy(key => key.PublishedAt).ThenBy(key => key.Kid, StringComparer.Ordinal)];
        Usable = [.. Records.Where(key => fence is null || key.PublishedAt >= fence)];
        Signers = entries
            .Values.Where(entry => entry.Record.State == KeyState.Active && Usable.Contains(entry.Record))
            .GroupBy(entry => entry.Record.Alg, StringComparer.Ordinal)
            .ToFrozenDictionary(keys => keys.Key, keys => keys.MaxBy(entry => entry.Record.ActiveAt)!.Signer!, StringComparer.Ordinal);
        Verification = new JsonWebKeySet(Usable.Where(key => key.IsServed).Select(key => key.Public));
        Kids = Usable.Where(key => key.IsServed).Select(key => key.Kid).ToFrozenSet(StringComparer.Ordinal);
        History = new JsonWebKeySet(Records.Where(key => !key.Revoked).Select(key => key.Public));
        Jwks = JwksDocument.Of(Verification, maxAge);
        List = [.. Records.Reverse().Select(key => key.ToInfo())];
    }

    public IReadOnlyList<KeyRecord> Records { get; }

    /// <summary>Those that are not behind a fence.</summary>
    public IReadOnlyList<KeyRecord> Usable { get; }
    public FrozenSet<string> Kids { get; }
    public FrozenDictionary<string, JwsSigner> Signers { get; }
    public JsonWebKeySet Verification { get; }
    public JsonWebKeySet History { get; }
    public JwksDocument Jwks { get; }
    public IReadOnlyList<KeyInfo> List { get; }

    public static RingState Load(DocumentSet set, RingState previous, KeyMint mint, TimeSpan maxAge, DateTimeOffset? fence)
    {
        var entries = new Dictionary<string, Entry>(StringComparer.Ordinal);
        foreach (var document in set.Documents.Where(document => document.Kind == Kind))
            entries.Add(document.Id, previous.Reuse(document) ?? Open(document, mint));
        return previous.Has(entries, maxAge, fence) ? previous : new RingState(entries, maxAge, fence);
    }

    public RingState With(IEnumerable<DocumentChange> changes, KeyMint mint, TimeSpan maxAge, DateTimeOffset? fence)
    {
        var entries = new Dictionary<string, Entry>(_entries, StringComparer.Ordinal);
        foreach (var change in changes)
        {
            if (change.Json is null)
                entries.Remove(change.Id);
            else
                entries[change.Id] = Open(new Document(Kind, change.Id, change.Json), mint);
        }
        return new RingState(entries, maxAge, fence);
    }

    private bool Has(Dictionary<string, Entry> entries, TimeSpan maxAge, DateTimeOffset? fence) =>
        maxAge == _maxAge
        && fence == _fence
        && entries.Count == _entries.Count
        && entries.All(entry => ReferenceEquals(entry.Value, _entries.GetValueOrDefault(entry.Key)));

    private Entry? Reuse(Document document) => _entries.TryGetValue(document.Id, out var entry) && entry.Json == document.Json ? entry : null;

    private static Entry Open(Document document, KeyMint mint)
    {
        var record = KeyRecordJson.Read(document);
        var signs = record.State is KeyState.Published or KeyState.Active;
        return new Entry(document.Json, record, signs ? mint.Open(record) : null);
    }

    private sealed record Entry(string Json, KeyRecord Record, JwsSigner? Signer);
}
