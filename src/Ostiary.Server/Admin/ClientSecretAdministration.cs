using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;

namespace Ostiary.Server.Admin;

/// <summary>The secrets of a client: several may be valid at once, so that one can be replaced without a gap.</summary>
internal sealed class ClientSecretAdministration(AdminParts parts, ConfigurationChanges changes, CredentialIntake intake)
{
    private static readonly TimeSpan UsualOverlap = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestOverlap = TimeSpan.FromDays(90);
    private const int MaxSecrets = 10;

    public IEnumerable<AdminRoute> Routes =>
        [
            new("GET", "/clients/{id}/secrets", "client.secret.list", ListAsync, "limit", "cursor"),
            new("POST", "/clients/{id}/secrets", "client.secret.add", AddAsync),
            new("POST", "/clients/{id}/secrets/rotate", "client.secret.rotate", RotateAsync),
            new("DELETE", "/clients/{id}/secrets/{secret}", "client.secret.revoke", RevokeAsync),
        ];

    /// <summary>The secrets, each with when it was last used; and the keys that signed assertions, which are known by their use alone.</summary>
    private async ValueTask<AdminResponse> ListAsync(AdminCall call, CancellationToken ct)
    {
        call.ClientId = call.Id;
        if (!parts.Configuration.CurrentSet.Clients.TryGetValue(call.Id, out var client))
            return AdminResponse.Refused(ClientAdministration.NotFound(parts, call.Id));
        var uses = parts.Issuer.Uses;
        await uses.ReadAsync(parts.Stores.Documents, ct); // Other nodes have written theirs.
        var revision = parts.Configuration.Current.Revision;
        if (client.Client.AuthenticationMethod == ClientAuthenticationMethod.PrivateKeyJwt || client.Client.AuthenticationMethod.IsCertificate())
            return Lists.Page(call, uses.Of(call.Id), use => use.Credential, WriteKey, revision);
        return Lists.Page(
            // In the order in which they came.
            call,
            client.Client.Secrets,
            s => s.CreatedAt.UtcDateTime.ToString("O", CultureInfo.InvariantCulture) + s.Id,
            (json, s) => ClientJson.WriteSecret(json, s, lastUsed: uses.LastOf(call.Id, s.Id)),
            revision
        );
    }

    private static void WriteKey(Utf8JsonWriter json, (string Credential, DateTimeOffset At) use)
    {
        json.WriteString("id", use.Credential);
        AdminJson.Time(json, "last_used_at", use.At);
    }

    private async ValueTask<AdminResponse> AddAsync(AdminCall call, CancellationToken ct)
    {
        string? brought = null;
        TimeSpan? lifetime = null;
        var refusal = call.Read(reader =>
        {
            brought = reader.Text("client_secret", ClientSecrets.MaxLength);
            lifetime = reader.Span("expires_in");
            if (brought is not null && CredentialIntake.WeaknessOf(brought) is { } weakness)
                reader.Refuse("client_secret", weakness, null, Reason.WeakSecret);
        });
        return refusal is not null
            ? AdminResponse.Refused(refusal)
            : await PutAsync(call, brought, (client, now) => (client.Secrets, lifetime is { } span ? now + span : null), "secret added", ct);
    }

    /// <summary>A new secret; those before it stay valid for the overlap.</summary>
    private async ValueTask<AdminResponse> RotateAsync(AdminCall call, CancellationToken ct)
    {
        string? brought = null;
        var overlap = UsualOverlap;
        var refusal = call.Read(reader =>
        {
            brought = reader.Text("client_secret", ClientSecrets.MaxLength);
            overlap = reader.Span("overlap") ?? UsualOverlap;
            if (brought is not null && CredentialIntake.WeaknessOf(brought) is { } weakness)
                reader.Refuse("client_secret", weakness, null, Reason.WeakSecret);
            if (overlap > LongestOverlap)
                reader.Refuse("overlap", $"is longer than {Duration.Format(LongestOverlap)}.", null, Reason.UnsafeLifetime);
        });
        if (refusal is not null)
            return AdminResponse.Refused(refusal);
        return await PutAsync(
            call,
            brought,
            (client, now) =>
                (
                    [
                        .. client
                            .Secrets.Select(s => s.ExpiresAt is { } end && end < now + overlap ? s : s with { ExpiresAt = now + overlap })
                            .Where(s => s.ExpiresAt > now),
                    ],
                    null
                ),
            "secret rotated",
            ct
        );
    }

    private async ValueTask<AdminResponse> PutAsync(
        AdminCall call,
        string? brought,
        Func<Client, DateTimeOffset, (ImmutableArray<ClientSecret> Kept, DateTimeOffset? ExpiresAt)> others,
        string what,
        CancellationToken ct
    )
    {
        var id = call.ClientId = call.Id;
        ClientSecret? made = null;
        var text = brought;
        var outcome = await changes.MakeAsync(
            call,
            set =>
            {
                if (!set.Clients.TryGetValue(id, out var document))
                    return new ConfigurationFault("", Reason.ClientNotFound, "");
                if (!ClientRules.UsesSecret(document.Client))
                    return new ConfigurationFault(
                        "token_endpoint_auth_method",
                        Reason.ConfigurationInvalid,
                        "the client does not authenticate with a secret."
                    );
                var now = parts.Now;
                var (kept, expires) = others(document.Client, now);
                if (kept.Length >= MaxSecrets)
                    return new ConfigurationFault("", Reason.ConfigurationInvalid, $"the client has {MaxSecrets} secrets.", "Revoke one first.");
                if (brought is not null && document.Client.Secrets.Any(s => s.Sha256 == ClientSecrets.Hash(brought)))
                    return new ConfigurationFault("", Reason.AlreadyExists, "the client has this secret already.");
                (made, text) = brought is null
                    ? intake.Make(document.Client, now)
                    : (intake.Keep("sec_" + Entropy.Text(6), brought, document.Client, now), brought);
                made = made with { ExpiresAt = expires };
                return set.With(document with { UpdatedAt = now, Client = document.Client with { Secrets = kept.Add(made) } });
            },
            ct
        );
        if (outcome.Snapshot is null)
            return Refused(outcome, id);
        call.Change = what;
        call.Item = made!.Id;
        return AdminResponse.Object(
            201,
            json =>
            {
                json.WriteString("client_id", id);
                ClientJson.WriteSecret(json, made, brought is null ? text : null);
            }
        ) with
        {
            Revision = outcome.Snapshot.Revision,
        };
    }

    private async ValueTask<AdminResponse> RevokeAsync(AdminCall call, CancellationToken ct)
    {
        var (id, secret) = (call.ClientId = call.Id, call.Part);
        var outcome = await changes.MakeAsync(
            call,
            set =>
            {
                if (!set.Clients.TryGetValue(id, out var document))
                    return new ConfigurationFault("", Reason.ClientNotFound, "");
                var kept = document.Client.Secrets.RemoveAll(s => s.Id == secret);
                if (kept.Length == document.Client.Secrets.Length)
                    return new ConfigurationFault("", Reason.SecretNotFound, "");
                return set.With(document with { UpdatedAt = parts.Now, Client = document.Client with { Secrets = kept } });
            },
            ct
        );
        if (outcome.Snapshot is null)
            return Refused(outcome, id, secret);
        call.Change = "secret revoked";
        return AdminResponse.Object(
            200,
            json =>
            {
                json.WriteString("client_id", id);
                json.WriteString("id", secret);
                json.WriteBoolean("revoked", true);
            }
        ) with
        {
            Revision = outcome.Snapshot.Revision,
        };
    }

    private AdminResponse Refused(ChangeOutcome outcome, string id, string secret = "") =>
        AdminResponse.Refused(
            outcome.Faults[0].Reason switch
            {
                Reason.ClientNotFound => ClientAdministration.NotFound(parts, id),
                Reason.SecretNotFound => new(Reason.SecretNotFound, $"client '{id}' has no secret '{DocumentReader.Shorten(secret)}'")
                {
                    Next = [$"ostiary client secret list {id}"],
                },
                _ => AdminRefusal.Of(outcome.Faults),
            }
        );
}
