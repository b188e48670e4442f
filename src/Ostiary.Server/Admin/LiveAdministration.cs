using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;
using Ostiary.Server.EndSession;
using Ostiary.Server.Grants;
using Ostiary.Server.Sessions;

namespace Ostiary.Server.Admin;

/// <summary>What is alive: grants and sessions. They can be read and ended, never made.</summary>
internal sealed class LiveAdministration(AdminParts parts)
{
    public IEnumerable<AdminRoute> Routes =>
        [
            new("GET", "/grants", "grant.list", ListGrantsAsync, "subject", "client_id", "live", "limit", "cursor"),
            new("GET", "/grants/{id}", "grant.get", GetGrantAsync),
            new("POST", "/grants/{id}/end", "grant.end", EndGrantAsync),
            new("GET", "/sessions", "session.list", ListSessionsAsync, "subject", "limit", "cursor"),
            new("GET", "/sessions/{id}", "session.get", GetSessionAsync),
            new("POST", "/sessions/{id}/end", "session.end", EndSessionAsync),
        ];

    private async ValueTask<AdminResponse> ListGrantsAsync(AdminCall call, CancellationToken ct)
    {
        if (!call.TryPage(out var limit, out var after, out var refusal))
            return AdminResponse.Refused(refusal!);
        if (call.Query("live") is not (null or "true" or "false"))
            return AdminResponse.Refused(new(Reason.AdminRequestMalformed, "live: must be true or false."));
        var query = new Stores.GrantQuery(SubjectOf(call), call.Query("client_id"), call.Query("live") == "true", after, limit);
        var page = await parts.Stores.Directory.GrantsAsync(query, ct);
        return Lists.Write(page.Items, page.Next is { } next ? AdminCursor.Write(next) : null, Write);
    }

    private async ValueTask<AdminResponse> GetGrantAsync(AdminCall call, CancellationToken ct)
    {
        if (await FindGrantAsync(call, ct) is not { } grant)
            return AdminResponse.Refused(GrantNotFound(call.Id));
        return AdminResponse.Object(200, json => Write(json, grant));
    }

    /// <summary>Ends the grant with all its tokens. Safe to repeat.</summary>
    private async ValueTask<AdminResponse> EndGrantAsync(AdminCall call, CancellationToken ct)
    {
        if (await FindGrantAsync(call, ct) is not { } grant)
            return AdminResponse.Refused(GrantNotFound(call.Id));
        if (await parts.Stores.Grants.TryEndAsync(grant.Id, GrantEnd.RevokedByOperator, parts.Now, ct))
            call.Change = "ended: revoked-by-operator";
        var ended = await parts.Stores.Grants.FindAsync(grant.Id, ct) ?? grant;
        return AdminResponse.Object(200, json => Write(json, ended));
    }

    private async ValueTask<AdminResponse> ListSessionsAsync(AdminCall call, CancellationToken ct)
    {
        if (!call.TryPage(out var limit, out var after, out var refusal))
            return AdminResponse.Refused(refusal!);
        var page = await parts.Stores.Directory.SessionsAsync(SubjectOf(call), after, limit, ct);
        return Lists.Write(page.Items, page.Next is { } next ? AdminCursor.Write(next) : null, Write);
    }

    private async ValueTask<AdminResponse> GetSessionAsync(AdminCall call, CancellationToken ct)
    {
        if (await FindSessionAsync(call, ct) is not { } session)
            return AdminResponse.Refused(SessionNotFound(call.Id));
        var outcomes = session.EndedAt is null ? null : await LogoutNotices.OutcomesAsync(parts.Stores, session.Id, ct);
        return AdminResponse.Object(
            200,
            json =>
            {
                Write(json, session);
                Write(json, outcomes);
            }
        );
    }

    /// <summary>Ends the session and the grants that do not outlive it. Safe to repeat.</summary>
    private async ValueTask<AdminResponse> EndSessionAsync(AdminCall call, CancellationToken ct)
    {
        if (await FindSessionAsync(call, ct) is not { } session)
            return AdminResponse.Refused(SessionNotFound(call.Id));
        var now = parts.Now;
        if (await parts.Stores.Sessions.TryEndAsync(session.Id, now, ct))
            call.Change = "ended";
        await parts.Stores.Grants.EndOfSessionAsync(session.Id, GrantEnd.RevokedByOperator, now, ct);
        var ended = await parts.Stores.Sessions.FindAsync(session.Id, ct) ?? session;
        return AdminResponse.Object(200, json => Write(json, ended));
    }

    /// <summary>People name users, the stores know subjects.</summary>
    private string? SubjectOf(AdminCall call) =>
        call.Query("subject") is { } name ? parts.Configuration.CurrentSet.UserByName(name)?.User.Subject ?? name : null;

    private async ValueTask<Grant?> FindGrantAsync(AdminCall call, CancellationToken ct)
    {
        if (!GrantId.TryParse(call.Id, out var id) || await parts.Stores.Grants.FindAsync(id, ct) is not { } grant)
            return null;
        (call.GrantId, call.ClientId, call.Subject) = (call.Id, grant.ClientId, grant.Approval?.Subject);
        return grant;
    }

    private async ValueTask<Session?> FindSessionAsync(AdminCall call, CancellationToken ct)
    {
        if (await parts.Stores.Sessions.FindAsync(call.Id, ct) is not { } session)
            return null;
        (call.SessionId, call.Subject) = (session.Id, session.Subject);
        return session;
    }

    private static AdminRefusal GrantNotFound(string id) =>
        new(Reason.GrantNotFound, $"grant '{DocumentReader.Shorten(id)}' does not exist, or is over and was removed")
        {
            Next = ["ostiary grant list"],
        };

    private static AdminRefusal SessionNotFound(string id) =>
        new(Reason.SessionNotFound, $"session '{DocumentReader.Shorten(id)}' does not exist, or is over and was removed")
        {
            Next = ["ostiary session list"],
        };

    private void Write(Utf8JsonWriter json, Grant grant)
    {
        var now = parts.Now;
        json.WriteString("id", grant.Id.ToString());
        json.WriteString("status", grant.Status != GrantStatus.Ended && grant.ExpiresAt <= now ? "expired" : Word(grant.Status.ToString()));
        json.WriteString("client_id", grant.ClientId);
        AdminJson.Text(json, "subject", grant.Approval?.Subject);
        AdminJson.Text(json, "username", UsernameOf(grant.Approval?.Subject));
        json.WriteString("scope", (grant.Approval?.Scope ?? grant.Request.Scope).ToString());
        AdminJson.Texts(json, "resources", grant.Request.Resources);
        AdminJson.Time(json, "created_at", grant.CreatedAt);
        AdminJson.Time(json, "expires_at", grant.ExpiresAt);
        AdminJson.Time(json, "used_at", grant.UsedAt);
        json.WriteNumber("generation", grant.Generation);
        AdminJson.Text(json, "session_id", grant.Approval?.SessionId);
        json.WriteBoolean("offline", grant.Approval?.Offline ?? false);
        if (grant.End != GrantEnd.None)
            json.WriteString("end", Word(grant.End.ToString()));
        AdminJson.Time(json, "ended_at", grant.EndedAt);
        json.WriteString("flow", grant.Request.Flow);
    }

    private void Write(Utf8JsonWriter json, Session session)
    {
        json.WriteString("id", session.Id);
        json.WriteBoolean("live", session.IsLive(parts.Now));
        json.WriteString("subject", session.Subject);
        AdminJson.Text(json, "username", UsernameOf(session.Subject));
        AdminJson.Time(json, "created_at", session.CreatedAt);
        AdminJson.Time(json, "authenticated_at", session.AuthenticatedAt);
        AdminJson.Time(json, "seen_at", session.SeenAt);
        AdminJson.Time(json, "expires_at", session.ExpiresAt);
        AdminJson.Time(json, "ended_at", session.EndedAt);
        AdminJson.Texts(json, "amr", session.Amr);
        AdminJson.Text(json, "acr", session.Acr);
        AdminJson.Text(json, "device", session.Device);
        AdminJson.Text(json, "network", session.Network);
    }

    /// <summary>The clients of a session that is over: who was told, who is tried again, who was not.</summary>
    private void Write(Utf8JsonWriter json, IReadOnlyList<LogoutOutcome>? outcomes)
    {
        if (outcomes is null)
            return;
        json.WriteStartArray("logout");
        foreach (var (clientId, notice) in outcomes)
        {
            json.WriteStartObject();
            json.WriteString("client_id", clientId);
            json.WriteString("state", notice is null ? UntoldWord(clientId) : Word(notice.State.ToString()));
            if (notice is not null)
                json.WriteNumber("tries", notice.Tries);
            if (notice is { State: LogoutNoticeState.Waiting })
                AdminJson.Time(json, "next_try_at", notice.DueAt);
            if (notice?.Refused is { } reason)
                json.WriteString("code", Refusal.CodeOf(reason));
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>A page for a frame is of no use where a session ends without its browser.</summary>
    private string UntoldWord(string clientId) =>
        parts.Configuration.Current.Client(clientId) is { FrontchannelLogoutUri: not null } ? "not-shown" : "no-address";

    private string? UsernameOf(string? subject) => subject is null ? null : parts.Configuration.Current.User(subject)?.Username;

    private static string Word(string pascal) =>
        string.Concat(pascal.Select((c, i) => char.IsAsciiLetterUpper(c) ? (i > 0 ? "-" : "") + char.ToLowerInvariant(c) : c.ToString()));
}
