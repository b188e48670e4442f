using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Apis;
using Ostiary.Server.Clients;
using Ostiary.Server.Users;

namespace Ostiary.Server.Configuration;

/// <summary>
/// Puts a configuration file over a configuration. What the file lists is created or replaced; what it does not list stays, unless it is to be pruned.
/// Applying the same file again changes nothing. Without a source of secrets they are not looked up: enough to check a file.
/// </summary>
internal sealed class ConfigurationApply(
    ConfigurationFile file,
    ISecretSource? secrets,
    CredentialIntake intake,
    ApiSecrets shared,
    bool prune,
    DateTimeOffset now
)
{
    /// <summary>The secret that a configuration file refers to, among the secrets of a client.</summary>
    public const string ConfiguredSecret = "configured";

    private readonly List<ConfigurationFault> _faults = [];
    private readonly Dictionary<string, (ClientSecret Kept, string Text)> _made = [];

    /// <summary>Secrets made for clients that need one and whose file names none: shown this one time.</summary>
    public IReadOnlyList<(string ClientId, string Secret)> Made { get; private set; } = [];

    /// <summary>Secrets made for APIs whose tokens are signed by HS256: shown this one time.</summary>
    public IReadOnlyList<(string Identifier, string Secret)> MadeForApis { get; private set; } = [];

    public ConfigurationDraft To(ConfigurationSet before)
    {
        _faults.Clear();
        (Made, MadeForApis) = ([], []);
        var set = prune ? Pruned(before) : before;
        set = set with { Settings = file.Settings ?? set.Settings };
        set = Reordered(set);
        for (var i = 0; i < file.Apis.Length; i++)
            set = set.With(Put(file.Apis[i], before.Apis.GetValueOrDefault(file.Apis[i].Api.Identifier), i));
        for (var i = 0; i < file.Clients.Length; i++)
            set = set.With(Put(file.Clients[i], before.Clients.GetValueOrDefault(file.Clients[i].Client.Id), i));
        for (var i = 0; i < file.Users.Length; i++)
            set = set.With(Put(file.Users[i], before.UserByName(file.Users[i].User.Username), i));
        return _faults.Count > 0 ? _faults : set;
    }

    private ConfigurationSet Pruned(ConfigurationSet set)
    {
        var apis = file.Apis.Select(a => a.Api.Identifier).ToHashSet(StringComparer.Ordinal);
        var clients = file.Clients.Select(c => c.Client.Id).ToHashSet(StringComparer.Ordinal);
        var users = file.Users.Select(u => User.Normalize(u.User.Username)).ToHashSet(StringComparer.Ordinal);
        return set with
        {
            Settings = file.Settings is null ? null : set.Settings,
            Apis = set.Apis.RemoveRange(set.Apis.Keys.Where(id => !apis.Contains(id))),
            Clients = set.Clients.RemoveRange(
                set.Clients.Values.Where(c => c.Registration is null && !clients.Contains(c.Client.Id)).Select(c => c.Client.Id)
            ),
            Users = set.Users.RemoveRange(set.Users.Where(u => !users.Contains(User.Normalize(u.Value.User.Username))).Select(u => u.Key)),
        };
    }

    /// <summary>What the file does not list comes after what it lists, in its present order.</summary>
    private ConfigurationSet Reordered(ConfigurationSet set)
    {
        var next = Math.Max(file.Apis.Length, Math.Max(file.Clients.Length, file.Users.Length));
        var listed = file.Apis.Select(a => a.Api.Identifier).Concat(file.Clients.Select(c => c.Client.Id)).ToHashSet(StringComparer.Ordinal);
        var names = file.Users.Select(u => User.Normalize(u.User.Username)).ToHashSet(StringComparer.Ordinal);
        foreach (var api in set.Apis.Values.Where(a => !listed.Contains(a.Api.Identifier) && a.Order < next).OrderBy(a => a.Order).ToList())
            set = set.With(api with { Order = Math.Max(next, set.NextOrder) });
        foreach (var client in set.Clients.Values.Where(c => !listed.Contains(c.Client.Id) && c.Order < next).OrderBy(c => c.Order).ToList())
            set = set.With(client with { Order = Math.Max(next, set.NextOrder) });
        foreach (
            var user in set.Users.Values.Where(u => !names.Contains(User.Normalize(u.User.Username)) && u.Order < next).OrderBy(u => u.Order).ToList()
        )
            set = set.With(user with { Order = Math.Max(next, set.NextOrder) });
        return set;
    }

    private ApiDocument Put(ApiDocument api, ApiDocument? before, int order)
    {
        var (kept, made) = shared.Complete(api with { Order = order, CreatedAt = before?.CreatedAt ?? now }, before?.Api, now);
        if (made is not null)
            MadeForApis = [.. MadeForApis, (api.Api.Identifier, made)];
        return kept;
    }

    private ClientDocument Put(ClientDocument client, ClientDocument? before, int order)
    {
        var kept = before?.Client.Secrets.RemoveAll(s => s.Id == ConfiguredSecret) ?? [];
        if (client.Secret is { } reference && Resolve(reference, $"clients[{order}].client_secret") is { } text)
        {
            if (CredentialIntake.WeaknessOf(text) is { } weakness)
                _faults.Add(new($"clients[{order}].client_secret", Reason.WeakSecret, weakness));
            var earlier = before?.Client.Secrets.FirstOrDefault(s => s.Id == ConfiguredSecret && s.Sha256 == ClientSecrets.Hash(text));
            kept = kept.Add(
                earlier is not null && CredentialIntake.Serves(earlier, client.Client)
                    ? earlier
                    : intake.Keep(ConfiguredSecret, text, client.Client, now)
            );
        }
        if (!ClientRules.UsesSecret(client.Client))
            kept = [];
        else if (client.Secret is null && !kept.Any(s => CredentialIntake.Serves(s, client.Client)))
        {
            var made = MadeFor(client.Client);
            kept = kept.Add(made.Kept);
            Made = [.. Made, (client.Client.Id, made.Text)];
        }
        var unchanged = before is not null && SameText(before.Declared, client.Declared);
        return client with
        {
            Order = order,
            CreatedAt = before?.CreatedAt ?? now,
            UpdatedAt = before is null || unchanged ? before?.UpdatedAt : now,
            Client = client.Client with { Secrets = kept },
        };
    }

    private UserDocument Put(UserDocument user, UserDocument? before, int order)
    {
        var hash = before?.User.PasswordHash;
        if (user.Password is { } reference && Resolve(reference, $"users[{order}].password") is { } password)
        {
            if (!PasswordHash.IsAcceptable(password))
                _faults.Add(new($"users[{order}].password", Reason.WeakSecret, "the password is empty or longer than 1024 bytes."));
            else if (hash is null || !PasswordHash.Verify(hash, password))
                hash = PasswordHash.Create(password);
        }
        var unchanged = before is not null && SameText(before.Declared, user.Declared);
        return user with
        {
            Order = order,
            User = user.User with
            {
                Subject = before?.User.Subject ?? CredentialIntake.NewSubject(),
                PasswordHash = hash,
                CreatedAt = before?.User.CreatedAt ?? now,
                UpdatedAt = before is null || (unchanged && hash == before.User.PasswordHash) ? before?.User.UpdatedAt : now,
            },
        };
    }

    private (ClientSecret Kept, string Text) MadeFor(Client client)
    {
        if (!_made.TryGetValue(client.Id, out var made))
            _made[client.Id] = made = intake.Make(client, now);
        return made;
    }

    private string? Resolve(SecretReference reference, string path)
    {
        if (secrets is null)
            return null;
        if (secrets.TryRead(reference, out var text))
            return text;
        var what = reference.Kind == "file" ? "the file" : "the environment variable";
        _faults.Add(new(path, Reason.NotASecretSource, $"{what} '{DocumentReader.Shorten(reference.Name)}' cannot be read or is empty."));
        return null;
    }

    private static bool SameText(JsonElement left, JsonElement right) => JsonMerge.Text(left) == JsonMerge.Text(right);
}
