using Microsoft.AspNetCore.Http;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Clients;
using Ostiary.Server.Decisions;
using Ostiary.Server.Grants;
using Ostiary.Server.Http;
using Ostiary.Server.Tokens;

namespace Ostiary.Server.Revocation;

/// <summary>POST /revoke. RFC 7009. A refresh token ends its grant; an access token ends alone. A token that cannot be revoked by the caller is answered alike.</summary>
public sealed class RevocationEndpoint(Issuer issuer, ClientRequestReader reader, TokenIssuer tokens, TokenStatus status)
{
    internal sealed record Facts(AccessToken? Token, Grant? RefreshGrant);

    // csharpier-ignore
    internal static readonly RuleList<Client, Facts> Rules = new("revoke")
    {
        { "the token is one of ours",            Reason.TokenUnknown, "RFC 7009 §2.2", (r, f, now) => f.Token is not null || f.RefreshGrant is not null },
        { "it was issued to the caller",         Reason.NotTheOwner,  "RFC 7009 §2.1", (r, f, now) => (f.Token?.ClientId ?? f.RefreshGrant!.ClientId) == r.Id },
    };

    public async Task HandleAsync(HttpContext http)
    {
        if (await reader.ReadAsync(http) is not { } request)
            return;
        // The hint is not needed: the text says what it is. RFC 7009 §2.1
        var facts = await LoadAsync(request.Token, http.RequestAborted);
        var verdict = Rules.Judge(request.Client, facts, request.Now);
        var change = verdict.Allowed ? await CommitAsync(facts, request.Now, http.RequestAborted) : null;
        var record = DecisionRecord.Of(verdict, request.Now, facts.RefreshGrant?.Request.Flow ?? Flow.Of(http));
        issuer.Log.Record(
            record with
            {
                ClientId = request.Client.Id,
                TokenId = facts.Token?.Id,
                GrantId = facts.Token?.GrantId ?? facts.RefreshGrant?.Id.ToString(),
                Change = change,
                Network = Network.Of(http),
                Revision = request.Snapshot.Revision,
            }
        );
        http.Response.Headers.CacheControl = "no-store";
        http.Response.StatusCode = StatusCodes.Status200OK; // RFC 7009 §2.2
    }

    private async ValueTask<Facts> LoadAsync(string text, CancellationToken ct)
    {
        if (tokens.Credentials.TryReadRefreshToken(text, out var id, out _, out _))
            return new(null, await issuer.Stores.Grants.FindAsync(id, ct));
        return new(await status.ReadAsync(text, ct), null);
    }

    private async ValueTask<string?> CommitAsync(Facts facts, DateTimeOffset now, CancellationToken ct)
    {
        if (facts.RefreshGrant is { } grant)
            return await issuer.Stores.Grants.TryEndAsync(grant.Id, GrantEnd.RevokedByClient, now, ct) ? "ended: revoked-by-client" : null;
        return await status.RevokeAsync(facts.Token!, now) ? "token revoked" : null;
    }
}
