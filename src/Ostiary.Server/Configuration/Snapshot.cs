using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using Ostiary.Protocol;
using Ostiary.Server.Apis;
using Ostiary.Server.Clients;
using Ostiary.Server.Registration;
using Ostiary.Server.Stores;
using Ostiary.Server.Tokens;
using Ostiary.Server.Users;

namespace Ostiary.Server.Configuration;

/// <summary>The configuration of an issuer at one revision: immutable, swapped whole.</summary>
public sealed class Snapshot
{
    private FrozenDictionary<string, Api>? _apiByScope;
    private FrozenDictionary<string, Api>? _apiByName;
    private bool? _someApiBinds;
    private KeyDemand? _keyDemand;

    /// <summary>What a client gets that names neither scope nor resource: at one revision always the same.</summary>
    internal ConcurrentDictionary<Client, TokenTarget> DefaultTargets { get; } = new(ReferenceEqualityComparer.Instance);

    public required long Revision { get; init; }
    public required IssuerSettings Settings { get; init; }
    public required ImmutableDictionary<string, Client> Clients { get; init; }

    /// <summary>By identifier.</summary>
    public required FrozenDictionary<string, Api> Apis { get; init; }

    /// <summary>By normalised user name.</summary>
    public required FrozenDictionary<string, User> UsersByName { get; init; }
    public required FrozenDictionary<string, User> UsersBySubject { get; init; }

    /// <summary>The algorithms that the server's own keys must sign with.</summary>
    public IEnumerable<string> SigningAlgorithms => Demanded.Algorithms;

    /// <summary>Where the store was restored from a backup: everything from before is taken as revoked.</summary>
    public Fence? Fence { get; init; }

    /// <summary>The longest that an access token lives under these settings, and never less than what every node remembers.</summary>
    public TimeSpan LongestToken => Demanded.LongestToken;

    /// <summary>Whether there is any API whose tokens must be bound to a key.</summary>
    public bool SomeApiBinds => _someApiBinds ??= Apis.Values.Any(api => api.RequireDpop || api.RequireCertificate);

    /// <summary>The clients that are described elsewhere, as far as this node has read of them.</summary>
    internal KnownDocuments? Documents { get; init; }

    /// <summary>The registered ones, and those whose documents this node has read.</summary>
    internal IEnumerable<Client> KnownClients => Clients.Values.Concat(Documents?.Clients ?? []);

    /// <summary>Also of a client whose document is not read yet: what it was given lives on.</summary>
    public Client? Client(string id) => Clients.GetValueOrDefault(id) ?? Described(id);

    public User? User(string subject) => UsersBySubject.GetValueOrDefault(subject);

    /// <summary>By user name or e-mail address, as typed.</summary>
    public User? UserByLogin(string login) => UsersByName.GetValueOrDefault(Ostiary.Server.Users.User.Normalize(login));

    /// <summary>The API that defines a scope, or null for the scopes of OpenID Connect and unknown ones.</summary>
    public Api? ApiOfScope(string scope) => (_apiByScope ??= ByScope()).GetValueOrDefault(scope);

    /// <summary>The API that a client means by a resource; null: none, or more than one.</summary>
    public Api? ApiOfResource(string resource) =>
        Apis.GetValueOrDefault(resource)
        ?? (_apiByName ??= ResourceNames.Of(Apis.Values).ToFrozenDictionary(StringComparer.Ordinal)).GetValueOrDefault(
            ResourceNames.Normalize(resource)
        );

    /// <summary>The snapshot of the same configuration with more clients, or with others in their places. It costs as much among many clients as among few.</summary>
    internal Snapshot With(long revision, IEnumerable<Client> clients)
    {
        List<Client> put = [.. clients.Select(client => Fapi2.Applied(client, Settings))];
        return new()
        {
            Revision = revision,
            Settings = Settings,
            Clients = Clients.SetItems(put.Select(client => KeyValuePair.Create(client.Id, client))),
            Apis = Apis,
            UsersByName = UsersByName,
            UsersBySubject = UsersBySubject,
            Fence = Fence,
            Documents = Documents,
            _apiByScope = _apiByScope,
            _apiByName = _apiByName,
            _someApiBinds = _someApiBinds,
            _keyDemand = Demanded.With(put),
        };
    }

    private KeyDemand Demanded =>
        _keyDemand ??= new KeyDemand(
            [.. Apis.Values.Select(api => api.SigningAlgorithm).Where(KeyDemand.IsOwn)],
            Apis.Values.Select(api => api.TokenLifetime).Append(Settings.AccessTokenLifetime).Append(TokenStatus.Remembered).Max()
        ).With(Clients.Values);

    private Client? Described(string id) =>
        Documents is not null
        && Settings.Registration is { MetadataDocuments: true } policy
        && MetadataDocument.IsId(id, anyPort: true)
        && policy.AllowsDocument(id)
            ? Documents.Find(id) ?? KnownDocuments.Unread(id)
            : null;

    private FrozenDictionary<string, Api> ByScope() =>
        Apis.Values.SelectMany(a => a.Scopes.Select(s => (s.Name, Api: a))).DistinctBy(s => s.Name).ToFrozenDictionary(s => s.Name, s => s.Api);
}

/// <summary>
/// What clients and APIs together ask of the keys. What a client no longer asks for stays until the whole is read again: it asks for too much, never for too little.
/// </summary>
internal sealed record KeyDemand(ImmutableHashSet<string> Algorithms, TimeSpan LongestToken)
{
    public KeyDemand With(IEnumerable<Client> clients)
    {
        var (algorithms, longest) = (Algorithms, LongestToken);
        foreach (var client in clients)
        {
            foreach (var algorithm in (ReadOnlySpan<string?>)[client.IdTokenAlgorithm, client.UserInfoAlgorithm])
            {
                if (algorithm is not null && IsOwn(algorithm))
                    algorithms = algorithms.Add(algorithm);
            }
            if (client.AccessTokenLifetime > longest)
                longest = client.AccessTokenLifetime.Value;
        }
        return new(algorithms, longest);
    }

    /// <summary>Whether it is one of the server's own keys that signs, and no shared secret.</summary>
    public static bool IsOwn(string algorithm) => algorithm != "HS256";
}

/// <summary>Where the present snapshot is found. Reading it is free; a request reads it once.</summary>
public interface IConfiguration
{
    Snapshot Current { get; }
}
