using Ostiary.Server.Configuration;
using Ostiary.Server.Grants;
using Ostiary.Server.Keys;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Admin;

/// <summary>
/// Changes of the configuration with what follows from them: a client or a user that is disabled or gone loses its grants, sessions and tokens.
/// A signing algorithm that is new gets its key. The configuration comes first, so nothing new is issued while the old is being ended.
/// </summary>
internal sealed class ConfigurationChanges(AdminParts parts)
{
    private const int PageSize = 500;

    public async ValueTask<ChangeOutcome> MakeAsync(AdminCall call, Func<ConfigurationSet, ConfigurationDraft> change, CancellationToken ct)
    {
        var outcome = await parts.Configuration.TryChangeAsync(change, call.Request.ExpectedRevision, ct);
        if (outcome.Snapshot is not null)
            await FollowAsync(outcome.Before, outcome.After, ct);
        return outcome;
    }

    public async ValueTask EndClientAsync(string clientId, CancellationToken ct)
    {
        var now = parts.Now;
        await parts.Stores.Changes.AppendAsync(ChangeKind.ClientDisabled, clientId, now + parts.Configuration.Current.LongestToken, now, ct);
        string? cursor = null;
        do
        {
            var page = await parts.Stores.Directory.GrantsAsync(new(ClientId: clientId, LiveOnly: true, Cursor: cursor, Limit: PageSize), ct);
            foreach (var grant in page.Items)
                await parts.Stores.Grants.TryEndAsync(grant.Id, GrantEnd.ClientDisabled, now, ct);
            cursor = page.Next;
        } while (cursor is not null);
    }

    public async ValueTask EndSubjectAsync(string subject, CancellationToken ct)
    {
        var now = parts.Now;
        await parts.Stores.Changes.AppendAsync(ChangeKind.SubjectDisabled, subject, now + parts.Configuration.Current.LongestToken, now, ct);
        await parts.Stores.Sessions.EndOfSubjectAsync(subject, null, now, ct);
        await parts.Stores.Grants.EndOfSubjectAsync(subject, null, GrantEnd.SubjectDisabled, now, ct);
    }

    private async ValueTask FollowAsync(ConfigurationSet before, ConfigurationSet after, CancellationToken ct)
    {
        var algorithms = after.Apis.Values.Select(a => a.Api.SigningAlgorithm).Concat(after.Clients.Values.Select(c => c.Client.IdTokenAlgorithm));
        var missing = algorithms.Where(alg => KeyRing.Algorithms.Contains(alg) && !parts.Keys.CanSign(alg)).Distinct().ToList();
        if (missing.Count > 0)
            await parts.Keys.EnsureAsync(missing, ct);
        foreach (var (id, client) in before.Clients)
        {
            var ended = after.Clients.GetValueOrDefault(id) is not { } now || (now.Client.Disabled && !client.Client.Disabled);
            if (ended)
                await EndClientAsync(id, ct);
        }
        foreach (var (subject, user) in before.Users)
        {
            var ended = after.Users.GetValueOrDefault(subject) is not { } now || (now.User.Disabled && !user.User.Disabled);
            if (ended)
                await EndSubjectAsync(subject, ct);
        }
    }
}
