using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Registration;

namespace Ostiary.Server.Admin;

/// <summary>Initial access tokens: permits to register clients. RFC 7591 §3</summary>
internal sealed class InitialTokenAdministration(AdminParts parts, ConfigurationChanges changes)
{
    private static readonly TimeSpan UsualLifetime = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestLifetime = TimeSpan.FromDays(365);
    private const int MaxTokens = 1000;

    public IEnumerable<AdminRoute> Routes =>
        [
            new("GET", "/initial-tokens", "client.initial-token.list", ListAsync, "limit", "cursor"),
            new("POST", "/initial-tokens", "client.initial-token.create", CreateAsync),
            new("DELETE", "/initial-tokens/{id}", "client.initial-token.revoke", RevokeAsync),
        ];

    private ValueTask<AdminResponse> ListAsync(AdminCall call, CancellationToken ct) =>
        ValueTask.FromResult(
            Lists.Page(
                call,
                parts.Configuration.CurrentSet.InitialTokens.Values,
                t => t.Id,
                (json, t) => Write(json, t, null),
                parts.Configuration.Current.Revision
            )
        );

    /// <summary>The text is shown this one time. What is over is cleared away.</summary>
    private async ValueTask<AdminResponse> CreateAsync(AdminCall call, CancellationToken ct)
    {
        long uses = 1;
        var lifetime = UsualLifetime;
        var refusal = call.Read(reader =>
        {
            uses = reader.Number("uses", 1, 1_000_000) ?? 1;
            lifetime = reader.Span("expires_in") ?? UsualLifetime;
            if (lifetime > LongestLifetime)
                reader.Refuse("expires_in", $"is longer than {Duration.Format(LongestLifetime)}.", null, Reason.UnsafeLifetime);
        });
        if (refusal is not null)
            return AdminResponse.Refused(refusal);
        var now = parts.Now;
        var text = CredentialText.Format(CredentialText.InitialToken, Entropy.Bytes(32));
        var token = new InitialToken("it_" + Entropy.Text(6), ClientSecrets.Hash(text), now, now + lifetime, uses);
        var outcome = await changes.MakeAsync(
            call,
            set =>
            {
                set = set with
                {
                    InitialTokens = set.InitialTokens.RemoveRange(set.InitialTokens.Values.Where(t => !t.IsGood(now)).Select(t => t.Id)),
                };
                if (set.InitialTokens.Count >= MaxTokens)
                    return new ConfigurationFault(
                        "",
                        Reason.ConfigurationInvalid,
                        $"there are {MaxTokens} initial access tokens.",
                        "Revoke one first."
                    );
                return set.With(token);
            },
            ct
        );
        if (outcome.Snapshot is null)
            return AdminResponse.Refused(AdminRefusal.Of(outcome.Faults));
        (call.Item, call.Change) = (token.Id, "created");
        return AdminResponse.Object(201, json => Write(json, token, text)) with { Revision = outcome.Snapshot.Revision };
    }

    private async ValueTask<AdminResponse> RevokeAsync(AdminCall call, CancellationToken ct)
    {
        var id = call.Id;
        var outcome = await changes.MakeAsync(
            call,
            set =>
                set.InitialTokens.ContainsKey(id)
                    ? set with
                    {
                        InitialTokens = set.InitialTokens.Remove(id),
                    }
                    : new ConfigurationFault("", Reason.InitialTokenNotFound, $"initial access token '{DocumentReader.Shorten(id)}' does not exist"),
            ct
        );
        if (outcome.Snapshot is null)
            return AdminResponse.Refused(AdminRefusal.Of(outcome.Faults) with { Next = ["ostiary client initial-token list"] });
        call.Change = "revoked";
        return AdminResponse.Deleted(outcome.Snapshot.Revision, ("id", id));
    }

    private static void Write(Utf8JsonWriter json, InitialToken token, string? text)
    {
        json.WriteString("id", token.Id);
        AdminJson.Text(json, "initial_access_token", text);
        AdminJson.Time(json, "created_at", token.CreatedAt);
        AdminJson.Time(json, "expires_at", token.ExpiresAt);
        json.WriteNumber("uses_left", token.UsesLeft);
    }
}
