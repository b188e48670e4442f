using System.Collections.Immutable;
using System.Text.Json;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Configuration;

/// <summary>A configuration as code: <c>ostiary.json</c>, read and checked as a whole.</summary>
public sealed class ConfigurationFile
{
    public const int MaxLength = 2 * 1024 * 1024;
    public const int MaxDepth = 32;

    private ConfigurationFile() { }

    internal SettingsDocument? Settings { get; private init; }
    internal ImmutableArray<ApiDocument> Apis { get; private init; } = [];
    internal ImmutableArray<ClientDocument> Clients { get; private init; } = [];
    internal ImmutableArray<UserDocument> Users { get; private init; } = [];

    /// <summary>The secrets that it refers to, with the place of each.</summary>
    public IEnumerable<(string Path, SecretReference Reference)> Secrets =>
        Clients
            .Select((client, i) => ($"clients[{i}].client_secret", client.Secret))
            .Concat(Users.Select((user, i) => ($"users[{i}].password", user.Password)))
            .Where(secret => secret.Item2 is not null)!;

    /// <summary>Reads the text; returns null and every fault where there is one.</summary>
    /// <param name="onLoopback">Whether the issuer is on loopback; where it is not known, say true.</param>
    public static ConfigurationFile? Read(ReadOnlyMemory<byte> utf8, bool onLoopback, out IReadOnlyList<ConfigurationFault> faults)
    {
        if (StrictJson.TryParseObject(utf8, out var document, MaxDepth, MaxLength))
        {
            using (document)
                return Read(document.RootElement, onLoopback, out faults);
        }
        faults = [new("(document)", Reason.ConfigurationInvalid, "is not a JSON object.", JsonPlace.FaultOf(utf8.Span))];
        return null;
    }

    /// <param name="root">From a document that was read by <see cref="StrictJson"/>.</param>
    public static ConfigurationFile? Read(JsonElement root, bool onLoopback, out IReadOnlyList<ConfigurationFault> faults)
    {
        var found = new List<ConfigurationFault>();
        var reader = new DocumentReader(root, "", found);
        var settings = reader.TryGet("issuer", out var issuer) ? SettingsDocument.Parse(issuer, "issuer", found) : null;
        var file = new ConfigurationFile
        {
            Settings = settings,
            Apis = ReadAll(reader, "apis", (item, path) => ApiDocument.Parse(item, path, found)),
            Clients = ReadAll(reader, "clients", (item, path) => ClientDocument.Parse(item, path, onLoopback, found)),
            Users = ReadAll(reader, "users", (item, path) => UserDocument.Parse(item, path, found)),
        };
        reader.Finish();
        RefuseTwice(found, "apis", "identifier", file.Apis.Select(a => a.Api.Identifier));
        RefuseTwice(found, "clients", "client_id", file.Clients.Select(c => c.Client.Id));
        RefuseTwice(found, "users", "username", file.Users.Select(u => Ostiary.Server.Users.User.Normalize(u.User.Username)));
        faults = found;
        return found.Count == 0 ? file : null;
    }

    /// <summary>Checks the file alone, without a server: nothing but what it lists exists.</summary>
    public IReadOnlyList<ConfigurationFault> CheckReferences()
    {
        var faults = new List<ConfigurationFault>();
        var set = ConfigurationSet.Empty with { Settings = Settings };
        foreach (var api in Apis)
            set = set.With(api);
        foreach (var client in Clients)
            set = set.With(client);
        foreach (var user in Users)
            set = set.With(user with { User = user.User with { Subject = user.User.Username } });
        ReferenceRules.Check(set, faults);
        return faults;
    }

    private static ImmutableArray<T> ReadAll<T>(DocumentReader reader, string member, Func<JsonElement, string, T?> parse)
        where T : class => [.. reader.Items(member, most: 10_000).Select(item => parse(item.Item, item.Path)).OfType<T>()];

    private static void RefuseTwice(List<ConfigurationFault> faults, string list, string member, IEnumerable<string> ids)
    {
        foreach (var id in ids.GroupBy(id => id, StringComparer.Ordinal).Where(group => group.Count() > 1).Select(group => group.Key))
            faults.Add(new(list, Reason.AlreadyExists, $"two entries have the {member} '{DocumentReader.Shorten(id)}'."));
    }
}
