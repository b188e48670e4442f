using System.Collections.Frozen;
using System.Collections.Immutable;
using Ostiary.Server.Clients;
using Ostiary.Server.Registration;
using Ostiary.Server.Stores;
using Ostiary.Server.Users;

namespace Ostiary.Server.Configuration;

/// <summary>All documents of a configuration, as one immutable value: what a change starts from and what it ends in.</summary>
internal sealed record ConfigurationSet
{
    public static ConfigurationSet Empty { get; } = new();

    public SettingsDocument? Settings { get; init; }

    /// <summary>Not the operator's: a restore puts it up, and lifting it takes it down.</summary>
    public Fence? Fence { get; init; }
    public ClientTable Clients { get; init; } = ClientTable.Empty;

    /// <summary>By identifier.</summary>
    public ImmutableDictionary<string, ApiDocument> Apis { get; init; } = ImmutableDictionary.Create<string, ApiDocument>(StringComparer.Ordinal);

    /// <summary>By subject.</summary>
    public ImmutableDictionary<string, UserDocument> Users { get; init; } = ImmutableDictionary.Create<string, UserDocument>(StringComparer.Ordinal);

    /// <summary>The permits to register clients, by id. RFC 7591 §3</summary>
    public ImmutableDictionary<string, InitialToken> InitialTokens { get; init; } =
        ImmutableDictionary.Create<string, InitialToken>(StringComparer.Ordinal);

    public ConfigurationSet With(ClientDocument client) => this with { Clients = Clients.SetItem(client.Client.Id, client) };

    public ConfigurationSet With(InitialToken token) => this with { InitialTokens = InitialTokens.SetItem(token.Id, token) };

    public ConfigurationSet With(ApiDocument api) => this with { Apis = Apis.SetItem(api.Api.Identifier, api) };

    public ConfigurationSet With(UserDocument user) => this with { Users = Users.SetItem(user.User.Subject, user) };

    public UserDocument? UserByName(string username)
    {
        var name = User.Normalize(username);
        return Users.Values.FirstOrDefault(user => User.Normalize(user.User.Username) == name);
    }

    /// <summary>The place after everything that is there, so that lists keep the order in which they were written.</summary>
    public int NextOrder => Apis.Values.Select(a => a.Order + 1).Concat(Users.Values.Select(u => u.Order + 1)).Append(Clients.NextOrder).Max();

    /// <summary>From now on changes are told from here.</summary>
    public ConfigurationSet Settled() => this with { Clients = Clients.Settled() };

    /// <summary>What must be put and deleted to come from <paramref name="before"/> to this.</summary>
    public IReadOnlyList<DocumentChange> ChangesSince(ConfigurationSet before)
    {
        var changes = new List<DocumentChange>();
        if (!ReferenceEquals(before.Settings, Settings))
        {
            var text = Settings is null ? null : StoredDocuments.Write(Settings);
            if (text != (before.Settings is null ? null : StoredDocuments.Write(before.Settings)))
                changes.Add(new(StoredDocuments.SettingKind, StoredDocuments.IssuerId, text));
        }
        if (before.Fence != Fence)
            changes.Add(new(StoredDocuments.SettingKind, StoredDocuments.FenceId, Fence is null ? null : StoredDocuments.Write(Fence)));
        Compare(changes, StoredDocuments.ClientKind, before.Clients, Clients, StoredDocuments.Write, Clients.PutSince(before.Clients));
        Compare(changes, StoredDocuments.ApiKind, before.Apis, Apis, StoredDocuments.Write);
        Compare(changes, StoredDocuments.UserKind, before.Users, Users, StoredDocuments.Write);
        Compare(changes, StoredDocuments.InitialTokenKind, before.InitialTokens, InitialTokens, StoredDocuments.Write);
        return changes;
    }

    /// <summary>The clients that were put since <paramref name="before"/>, where nothing else has changed that they depend on; null: there is more.</summary>
    public IReadOnlyList<ClientDocument>? OnlyClientsSince(ConfigurationSet before) =>
        ReferenceEquals(Settings, before.Settings)
        && Fence == before.Fence
        && ReferenceEquals(Apis, before.Apis)
        && ReferenceEquals(Users, before.Users)
        && Clients.PutSince(before.Clients) is { } put
            ? [.. put.Select(id => Clients[id])]
            : null;

    /// <summary>The snapshot of this set, which was made from <paramref name="before"/>: where only clients were put, it shares all else with <paramref name="present"/>.</summary>
    public Snapshot ToSnapshot(long revision, ConfigurationSet before, Snapshot present, IssuerUrl issuer) =>
        OnlyClientsSince(before) is { } put ? present.With(revision, put.Select(c => c.Client)) : ToSnapshot(revision, issuer, present.Documents);

    public Snapshot ToSnapshot(long revision, IssuerUrl? issuer = null, KnownDocuments? documents = null)
    {
        var byName = new Dictionary<string, User>(StringComparer.Ordinal);
        foreach (var user in Users.Values)
        {
            byName[User.Normalize(user.User.Username)] = user.User;
            if (user.User.Email is { } email)
                byName[User.Normalize(email)] = user.User;
        }
        var settings = Settings?.Settings ?? new IssuerSettings();
        settings = settings with { Registration = RegistrationPolicy.Of(settings.Registration, Apis.Values.Select(a => a.Api)) };
        return new Snapshot
        {
            Revision = revision,
            Documents = documents,
            Settings = settings,
            Fence = Fence,
            Clients = Clients.ToImmutableDictionary(c => c.Key, c => Fapi2.Applied(c.Value.Client, settings), StringComparer.Ordinal),
            Apis = Apis
                .Values.Select(a => a.Api)
                .Concat(issuer is null ? [] : [AdministrationApi.Of(issuer)])
                .ToFrozenDictionary(a => a.Identifier, StringComparer.Ordinal),
            UsersByName = byName.ToFrozenDictionary(StringComparer.Ordinal),
            UsersBySubject = Users.ToFrozenDictionary(u => u.Key, u => u.Value.User, StringComparer.Ordinal),
        };
    }

    private static void Compare<T>(
        List<DocumentChange> changes,
        string kind,
        IReadOnlyDictionary<string, T> before,
        IReadOnlyDictionary<string, T> after,
        Func<T, string> write,
        IEnumerable<string>? touched = null
    )
        where T : class
    {
        if (ReferenceEquals(before, after))
            return;
        foreach (var id in touched ?? after.Keys.Concat(before.Keys.Where(id => !after.ContainsKey(id))))
        {
            var (earlier, document) = (before.GetValueOrDefault(id), after.GetValueOrDefault(id));
            if (ReferenceEquals(earlier, document))
                continue;
            var text = document is null ? null : write(document);
            if (earlier is null || text is null || write(earlier) != text)
                changes.Add(new(kind, id, text));
        }
    }
}
