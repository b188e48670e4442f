using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Clients;

/// <summary>
/// When each secret and key of each client last authenticated it: the proof that one can be removed. Noted in memory, and written down at most once an hour for all,
/// as a document per client; it decides nothing.
/// </summary>
internal sealed class CredentialUses
{
    /// <summary>Of a client that has none: that it was used at all.</summary>
    public const string NoCredential = "none";
    private const string Kind = "use";
    private const int MaxPerClient = 30;
    private static readonly TimeSpan WriteEvery = TimeSpan.FromHours(1);
    private readonly ConcurrentDictionary<(string Client, string Credential), DateTimeOffset> _last = new();
    private volatile bool _changed;
    private DateTimeOffset _writtenAt;

    public void Note(string client, string credential, DateTimeOffset now)
    {
        var key = (client, credential);
        if (_last.TryGetValue(key, out var before) && now - before < TimeSpan.FromMinutes(1))
            return;
        _last[key] = now;
        _changed = true;
    }

    public DateTimeOffset? LastOf(string client, string credential) => _last.TryGetValue((client, credential), out var at) ? at : null;

    /// <summary>All credentials of a client that were ever used, the last used first.</summary>
    public IReadOnlyList<(string Credential, DateTimeOffset At)> Of(string client) =>
        [.. _last.Where(use => use.Key.Client == client).Select(use => (use.Key.Credential, use.Value)).OrderByDescending(use => use.Value)];

    /// <summary>Takes over what is written down, by other nodes too, where it is later.</summary>
    public async ValueTask ReadAsync(IDocumentStore documents, CancellationToken ct) => Merge(await documents.LoadAsync(ct));

    /// <summary>Writes down what was noted, where the last time is an hour ago. What is lost to a crash is at most that hour.</summary>
    public async ValueTask WriteAsync(IDocumentStore documents, Func<string, bool> isClient, DateTimeOffset now, CancellationToken ct)
    {
        if (!_changed || now - _writtenAt < WriteEvery)
            return;
        _changed = false;
        var stored = await documents.LoadAsync(ct);
        Merge(stored);
        var before = stored.Documents.Where(d => d.Kind == Kind).ToDictionary(d => d.Id, d => d.Json, StringComparer.Ordinal);
        var changes = before.Keys.Where(id => !isClient(id)).Select(id => new DocumentChange(Kind, id, null)).ToList();
        foreach (var client in _last.Keys.Select(use => use.Client).Distinct(StringComparer.Ordinal).Where(isClient))
        {
            var text = TextOf(client);
            if (before.GetValueOrDefault(client) != text)
                changes.Add(new(Kind, client, text));
        }
        if (changes.Count == 0 || await documents.TryCommitAsync(changes, stored.Revision, ct))
            _writtenAt = now;
        else
            _changed = true; // Somebody else wrote: at the next turn.
    }

    private void Merge(DocumentSet stored)
    {
        foreach (var document in stored.Documents.Where(d => d.Kind == Kind))
        {
            if (!StrictJson.TryParseObject(Encoding.UTF8.GetBytes(document.Json), out var json))
                continue;
            using (json)
            {
                foreach (var use in json.RootElement.EnumerateObject())
                {
                    if (use.Value.TryGetInt64(out var seconds))
                        Later((document.Id, use.Name), DateTimeOffset.FromUnixTimeSeconds(seconds));
                }
            }
        }
    }

    private void Later((string, string) key, DateTimeOffset at) => _last.AddOrUpdate(key, at, (_, known) => known > at ? known : at);

    private string TextOf(string client) =>
        JsonScratch.Object(
            Of(client).Take(MaxPerClient).ToList(),
            static (json, uses) =>
            {
                foreach (var (credential, at) in uses)
                    json.WriteNumber(credential, at.ToUnixTimeSeconds());
            },
            static (bytes, _) => Encoding.UTF8.GetString(bytes)
        );
}
