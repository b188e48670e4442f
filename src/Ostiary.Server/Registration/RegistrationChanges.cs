using System.Collections.Immutable;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Admin;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;
using Ostiary.Server.Http;

namespace Ostiary.Server.Registration;

/// <summary>What registration does to the configuration, each in one change that says who won.</summary>
internal sealed class RegistrationChanges(Issuer issuer, LiveConfiguration configuration, ConfigurationChanges changes)
{
    /// <summary>How many unused clients one change deletes.</summary>
    private const int ExpiryBatch = 200;
    private readonly CredentialIntake _intake = new(new ClientSecrets(issuer.Master));

    public async ValueTask<Registered> CreateAsync(
        ClientDocument document,
        InitialToken? initial,
        RegistrationPolicy policy,
        DateTimeOffset now,
        CancellationToken ct
    )
    {
        var (kept, secret) = SecretsOf(document.Client, [], now);
        var token = NewToken();
        document = document with
        {
            CreatedAt = now,
            Client = document.Client with { Secrets = kept },
            Registration = new(ClientSecrets.Hash(token), initial?.Id),
        };
        var outcome = await changes.MakeAsync(
            set =>
            {
                if (set.Clients.Registered >= policy.MostClients)
                    return Lost(Reason.RegistrationsFull);
                if (initial is not null)
                {
                    if (set.InitialTokens.GetValueOrDefault(initial.Id) is not { } present || !present.IsGood(now))
                        return Lost(Reason.InitialTokenSpent);
                    set = set.With(present with { UsesLeft = present.UsesLeft - 1 });
                }
                return set.With(document with { Order = set.Clients.NextOrder });
            },
            null,
            ct,
            early: true
        );
        return outcome.Snapshot is null ? Refused(outcome) : new(outcome.After.Clients[document.Client.Id], secret, token);
    }

    /// <summary>Replaces the metadata, and with them the registration access token. RFC 7592 §2.2</summary>
    public async ValueTask<Registered> UpdateAsync(ClientDocument before, ClientDocument document, DateTimeOffset now, CancellationToken ct)
    {
        var id = document.Client.Id;
        string? secret = null;
        var token = NewToken();
        var outcome = await changes.MakeAsync(
            set =>
            {
                if (set.Clients.GetValueOrDefault(id) is not { Client.Disabled: false } present || present.Registration != before.Registration)
                    return Lost(Reason.RegistrationTokenWrong);
                (var kept, secret) = SecretsOf(document.Client, present.Client.Secrets, now);
                return set.With(
                    document with
                    {
                        Order = present.Order,
                        CreatedAt = present.CreatedAt,
                        UpdatedAt = now,
                        Client = document.Client with { Secrets = kept },
                        Registration = present.Registration! with { TokenSha256 = ClientSecrets.Hash(token) },
                    }
                );
            },
            null,
            ct,
            early: true
        );
        return outcome.Snapshot is null ? Refused(outcome) : new(outcome.After.Clients[id], secret, token);
    }

    /// <summary>The client goes, and its grants and tokens end. RFC 7592 §2.3</summary>
    public async ValueTask<Reason?> DeleteAsync(ClientDocument client, CancellationToken ct)
    {
        var outcome = await changes.MakeAsync(
            set =>
                set.Clients.GetValueOrDefault(client.Client.Id)?.Registration == client.Registration
                    ? set with
                    {
                        Clients = set.Clients.Remove(client.Client.Id),
                    }
                    : Lost(Reason.RegistrationTokenWrong),
            null,
            ct
        );
        return outcome.Snapshot is null ? Refused(outcome).Refused : null;
    }

    /// <summary>Deletes what registered itself long ago and was never used: no token was asked for, nobody signed in.</summary>
    public async ValueTask ExpireAsync(CancellationToken ct)
    {
        var unused = configuration.Current.Settings.Registration?.UnusedLifetime ?? new RegistrationPolicy().UnusedLifetime;
        var before = issuer.Now - unused;
        var old = configuration.CurrentSet.Clients.Values.Where(c => c.Registration is not null && c.CreatedAt < before).ToList();
        if (old.Count == 0)
            return;
        await issuer.Uses.ReadAsync(issuer.Stores.Documents, ct); // Other nodes have written theirs.
        var gone = new List<string>();
        foreach (var id in old.Select(c => c.Client.Id).Where(id => issuer.Uses.Of(id).Count == 0))
        {
            var grants = await issuer.Stores.Directory.GrantsAsync(new(ClientId: id, Limit: 1), ct);
            if (grants.Items.Count == 0)
                gone.Add(id);
            if (gone.Count == ExpiryBatch)
                break;
        }
        if (gone.Count == 0)
            return;
        var outcome = await changes.MakeAsync(set => set with { Clients = set.Clients.RemoveRange(gone) }, null, ct);
        foreach (var id in outcome.Snapshot is null ? [] : gone)
            issuer.Log.Record(
                new DecisionRecord
                {
                    At = issuer.Now,
                    Flow = Flow.New(),
                    Act = "client.expire",
                    Passed = 1,
                    ClientId = id,
                    Change = "deleted",
                    Revision = configuration.Current.Revision,
                }
            );
    }

    private (ImmutableArray<ClientSecret> Kept, string? Text) SecretsOf(Client client, ImmutableArray<ClientSecret> present, DateTimeOffset now)
    {
        if (!ClientRules.UsesSecret(client))
            return ([], null); // A public client gets none.
        if (present.Any(s => CredentialIntake.Serves(s, client) && (s.ExpiresAt is not { } end || now < end)))
            return (present, null);
        var (kept, text) = _intake.Make(client, now);
        return (present.Add(kept), text);
    }

    private static string NewToken() => CredentialText.Format(CredentialText.RegistrationToken, Entropy.Bytes(32));

    private static ConfigurationDraft Lost(Reason reason) => new ConfigurationFault("", reason, "");

    private static Registered Refused(ChangeOutcome outcome) =>
        new(
            null,
            null,
            null,
            outcome.Faults[0].Reason is Reason.RegistrationsFull or Reason.InitialTokenSpent or Reason.RegistrationTokenWrong
                ? outcome.Faults[0].Reason
                : Reason.ClientMetadataInvalid
        );
}
