using Ostiary.Protocol.Reasons;
using Ostiary.Server.Users;

namespace Ostiary.Server.Configuration;

/// <summary>What the documents of a configuration demand of each other: every name that is used exists, and is there once.</summary>
internal static class ReferenceRules
{
    /// <summary>
    /// What a change makes wrong. What was wrong before it does not stand in its way; and where it is made <paramref name="early"/>, as one object at a time is,
    /// the objects that it names may follow.
    /// </summary>
    public static void CheckChange(ConfigurationSet before, ConfigurationSet after, bool early, List<ConfigurationFault> faults)
    {
        var put = after.OnlyClientsSince(before);
        var all = new List<ConfigurationFault>();
        Check(after, put, all);
        if (all.Count == 0)
            return;
        var old = new List<ConfigurationFault>();
        Check(before, put?.Select(c => before.Clients.GetValueOrDefault(c.Client.Id)).OfType<ClientDocument>(), old);
        faults.AddRange(
            all.Where(f => !(early && f.Reason == Reason.ReferenceUnknown) && !old.Exists(o => o.Path == f.Path && o.Message == f.Message))
        );
    }

    public static void Check(ConfigurationSet set, List<ConfigurationFault> faults) => Check(set, null, faults);

    /// <param name="put">The clients that a change has put, where it has changed nothing else; null: everything is looked at.</param>
    private static void Check(ConfigurationSet set, IEnumerable<ClientDocument>? put, List<ConfigurationFault> faults)
    {
        List<ClientDocument> clients = [.. (put ?? set.Clients.Values).OrderBy(c => c.Order).ThenBy(c => c.Client.Id, StringComparer.Ordinal)];
        CheckScopes(set, clients, faults);
        CheckResourceServers(set, faults);
        CheckActors(set, clients, faults);
        if (put is null)
            CheckLogins(set, faults);
        Fapi2.Check(set, clients, faults);
    }

    private static void CheckScopes(ConfigurationSet set, List<ClientDocument> clients, List<ConfigurationFault> faults)
    {
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var api in set.Apis.Values.OrderBy(a => a.Order).ThenBy(a => a.Api.Identifier, StringComparer.Ordinal))
        {
            foreach (var scope in api.Api.Scopes)
            {
                if (!owners.TryAdd(scope.Name, api.Api.Identifier))
                    faults.Add(
                        new(
                            $"apis[{api.Api.Identifier}].scopes",
                            Reason.ConfigurationInvalid,
                            $"the scope '{scope.Name}' is already defined by the API '{owners[scope.Name]}'.",
                            "A scope belongs to one API; give it a name of its own."
                        )
                    );
            }
        }
        foreach (var api in set.Apis.Values.OrderBy(a => a.Order).ThenBy(a => a.Api.Identifier, StringComparer.Ordinal))
        {
            foreach (var scope in api.Api.ExchangeScope.Tokens.Where(scope => !owners.ContainsKey(scope)))
                faults.Add(
                    Unknown(
                        $"apis[{api.Api.Identifier}].exchange_scope",
                        $"no API defines the scope '{DocumentReader.Shorten(scope)}'.",
                        scope,
                        owners.Keys
                    )
                );
        }
        var known = owners.Keys.Concat(KnownScopes.OpenIdConnect).Append(KnownScopes.Administration).ToHashSet(StringComparer.Ordinal);
        foreach (var client in clients)
        {
            foreach (var scope in client.Client.Scope.Tokens.Where(scope => !known.Contains(scope)))
                faults.Add(
                    Unknown($"clients[{client.Client.Id}].scope", $"no API defines the scope '{DocumentReader.Shorten(scope)}'.", scope, known)
                );
        }
    }

    private static void CheckResourceServers(ConfigurationSet set, List<ConfigurationFault> faults)
    {
        foreach (var api in set.Apis.Values.OrderBy(a => a.Order).ThenBy(a => a.Api.Identifier, StringComparer.Ordinal))
        {
            var path = $"apis[{api.Api.Identifier}].resource_server_clients";
            foreach (var id in api.Api.ResourceServerClients)
            {
                if (!set.Clients.TryGetValue(id, out var client))
                    faults.Add(Unknown(path, $"no client '{DocumentReader.Shorten(id)}' is registered.", id, set.Clients.Keys));
                else if (client.Client.IsPublic) // RFC 7662 §2.1
                    faults.Add(new(path, Reason.ConfigurationInvalid, $"the client '{id}' does not authenticate, so it cannot introspect."));
            }
        }
    }

    private static void CheckActors(ConfigurationSet set, List<ClientDocument> clients, List<ConfigurationFault> faults)
    {
        foreach (var client in clients)
        {
            if (client.Client.MayAct is { } actor && !set.Clients.ContainsKey(actor))
                faults.Add(
                    Unknown(
                        $"clients[{client.Client.Id}].may_act",
                        $"no client '{DocumentReader.Shorten(actor)}' is registered.",
                        actor,
                        set.Clients.Keys
                    )
                );
        }
    }

    private static void CheckLogins(ConfigurationSet set, List<ConfigurationFault> faults)
    {
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var user in set.Users.Values.OrderBy(u => u.Order).ThenBy(u => u.User.Username, StringComparer.Ordinal))
        {
            Claim(user, "username", user.User.Username);
            if (user.User.Email is { } email && User.Normalize(email) != User.Normalize(user.User.Username))
                Claim(user, "email", email);
        }

        void Claim(UserDocument user, string member, string login)
        {
            if (!owners.TryAdd(User.Normalize(login), user.User.Username))
                faults.Add(
                    new(
                        $"users[{user.User.Username}].{member}",
                        Reason.AlreadyExists,
                        $"'{login}' already signs in '{owners[User.Normalize(login)]}'; capital letters do not count."
                    )
                );
        }
    }

    private static ConfigurationFault Unknown(string path, string message, string name, IEnumerable<string> known) =>
        new(path, Reason.ReferenceUnknown, message, ClosestName.Of(name, known) is { } closest ? $"The closest is '{closest}'." : null);
}
