using System.Collections.Concurrent;
using System.Collections.Frozen;
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

    /// <summary>What a client gets that names neither scope nor resource: at one revision always the same.</summary>
    internal ConcurrentDictionary<Client, TokenTarget> DefaultTargets { get; } = new(ReferenceEqualityComparer.Instance);

    public required long Revision { get; init; }
    public required IssuerSettings Settings { get; init; }
    public required FrozenDictionary<string, Client> Clients { get; init; }

    /// <summary>By identifier.</summary>
    public required FrozenDictionary<string, Api> Apis { get; init; }

    /// <summary>By normalised user name.</summary>
    public required FrozenDictionary<string, User> UsersByName { get; init; }
    public required FrozenDictionary<string, User> UsersBySubject { get; init; }

    /// <summary>The algorithms that the server's own keys must sign with.</summary>
    public IEnumerable<string> SigningAlgorithms =>
        Apis
            .Values.Select(a => a.SigningAlgorithm)
            .Concat(Clients.Values.Select(c => c.IdTokenAlgorithm))
            .Concat(Clients.Values.Select(c => c.UserInfoAlgorithm).OfType<string>())
            .Where(alg => alg != "HS256")
            .Distinct();

    /// <summary>Where the store was restored from a backup: everything from before is taken as revoked.</summary>
    public Fence? Fence { get; init; }

    /// <summary>The longest that an access token lives under these settings, and never less than what every node remembers.</summary>
    public TimeSpan LongestToken =>
        Apis
            .Values.Select(a => a.TokenLifetime)
            .Concat(Clients.Values.Select(c => c.AccessTokenLifetime ?? TimeSpan.Zero))
            .Append(Settings.AccessTokenLifetime)
            .Append(TokenStatus.Remembered)
            .Max();

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

/// <summary>Where the present snapshot is found. Reading it is free; a request reads it once.</summary>
public interface IConfiguration
{
    Snapshot Current { get; }
}
