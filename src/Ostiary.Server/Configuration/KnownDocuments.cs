using System.Collections.Concurrent;
using Ostiary.Server.Clients;

namespace Ostiary.Server.Configuration;

/// <summary>The clients whose metadata documents this node has read; as many as are in use, and no more than fit. What falls out is read again.</summary>
public sealed class KnownDocuments
{
    private const int Most = 1000;
    private readonly ConcurrentDictionary<string, Client> _clients = new(StringComparer.Ordinal);

    internal IEnumerable<Client> Clients => _clients.Values;

    internal bool Has(string id) => _clients.ContainsKey(id);

    internal Client? Find(string id) => _clients.GetValueOrDefault(id);

    internal void Keep(Client client)
    {
        while (_clients.Count >= Most && !_clients.ContainsKey(client.Id) && _clients.Keys.FirstOrDefault() is { } other)
            _clients.TryRemove(other, out _);
        _clients[client.Id] = client;
    }

    /// <summary>A client whose document this node has not read: it exists, and can do nothing.</summary>
    internal static Client Unread(string id) =>
        new()
        {
            Id = id,
            Type = ClientType.Mcp,
            Registered = true,
            AuthenticationMethod = ClientAuthenticationMethod.None,
            Consent = ConsentPolicy.Required,
        };
}
