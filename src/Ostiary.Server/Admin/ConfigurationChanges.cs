using Ostiary.Server.Configuration;
using Ostiary.Server.Grants;
using Ostiary.Server.Keys;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Admin;

/// <summary>
/// Changes of the configuration with what follows from them: a client or a user that is disabled or gone loses its grants, sessions and tokens, and so does a
/// user whose password was replaced, for somebody may have known the old one.
/// A signing algorithm that is new gets its key. The configuration comes first, so nothing new is issued while the old is being ended.
/// </summary>
internal sealed class ConfigurationChanges(Issuer issuer, LiveConfiguration configuration, KeyRing keys)
{
    private const int PageSize = 500;

    public ValueTask<ChangeOutcome> MakeAsync(
        AdminCall call,
        Func<ConfigurationSet, ConfigurationDraft> change,
        CancellationToken ct,
        bool early = false
    ) => MakeAsync(change, call.Request.ExpectedRevision, ct, early);

    public async ValueTask<ChangeOutcome> MakeAsync(
        Func<ConfigurationSet, ConfigurationDraft> change,
        long? expectedRevision,
        CancellationToken ct,
        bool early = false
    )
    {
        var before = configuration.Current.LongestToken;
        var outcome = await configuration.TryChangeAsync(change, expectedRevision, ct, early);
        if (outcome.Snapshot is { } present)
            await FollowAsync(outcome, present.LongestToken > before ? present.LongestToken : before, ct);
        return outcome;
    }

    private async ValueTask EndClientAsync(string clientId, TimeSpan longest, CancellationToken ct)
    {
        var now = issuer.Now;
        await issuer.Stores.Changes.AppendAsync(ChangeKind.ClientDisabled, clientId, now + longest, now, ct);
        string? cursor = null;
        do
        {
            var page = await issuer.Stores.Directory.GrantsAsync(new(ClientId: clientId, LiveOnly: true, Cursor: cursor, Limit: PageSize), ct);
            foreach (var grant in page.Items)
                await issuer.Stores.Grants.TryEndAsync(grant.Id, GrantEnd.ClientDisabled, now, ct);
            cursor = page.Next;
        } while (cursor is not null);
    }

    private async ValueTask EndSubjectAsync(string subject, TimeSpan longest, CancellationToken ct)
    {
        var now = issuer.Now;
        await issuer.Stores.Changes.AppendAsync(ChangeKind.SubjectDisabled, subject, now + longest, now, ct);
        await issuer.Stores.Sessions.EndOfSubjectAsync(subject, null, now, ct);
        await issuer.Stores.Grants.EndOfSubjectAsync(subject, null, GrantEnd.SubjectDisabled, now, ct);
    }

    private async ValueTask SignOutAsync(string subject, CancellationToken ct)
    {
        var now = issuer.Now;
        await issuer.Stores.Sessions.EndOfSubjectAsync(subject, null, now, ct);
        await issuer.Stores.Grants.EndOfSubjectAsync(subject, null, GrantEnd.RevokedByOperator, now, ct); // RFC 9700 §4.14.2
    }

    private static bool IsPasswordReplaced(ChangeOutcome outcome, string subject) =>
        outcome.Before.Users.GetValueOrDefault(subject)?.User.PasswordHash is { } before && outcome.After.Users[subject].User.PasswordHash != before;

    private async ValueTask FollowAsync(ChangeOutcome outcome, TimeSpan longest, CancellationToken ct)
    {
        var after = outcome.After;
        var missing = outcome.Snapshot!.SigningAlgorithms.Where(alg => !keys.CanSign(alg)).ToList();
        if (missing.Count > 0)
            await keys.EnsureAsync(missing, ct);
        foreach (var change in outcome.Changes)
        {
            // Also where it was disabled already: an earlier change may have ended half way.
            if (change.Kind == StoredDocuments.ClientKind && after.Clients.GetValueOrDefault(change.Id) is (null or { Client.Disabled: true }))
                await EndClientAsync(change.Id, longest, ct);
            if (change.Kind == StoredDocuments.UserKind && after.Users.GetValueOrDefault(change.Id) is (null or { User.Disabled: true }))
                await EndSubjectAsync(change.Id, longest, ct);
            else if (change.Kind == StoredDocuments.UserKind && IsPasswordReplaced(outcome, change.Id))
                await SignOutAsync(change.Id, ct);
        }
    }
}
