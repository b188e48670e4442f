using Ostiary.Server.Authorize;
using Ostiary.Server.Configuration;

namespace Ostiary.Server.EndSession;

/// <summary>A page of a client that the browser loads in a frame, so that the client can end what it keeps there. Front-Channel Logout §2</summary>
internal sealed record LogoutFrame(string ClientId, string Url)
{
    public string Origin => new Uri(Url).GetLeftPart(UriPartial.Authority);
}

/// <summary>
/// The clients that hear of a logout through the browser that it happens in. Whether a frame was loaded, and with the client's cookies, is between the browser and
/// the client: the server writes down that it was shown, and nothing more.
/// </summary>
internal sealed class FrontchannelLogout(Issuer issuer)
{
    /// <summary>The frames of a session that is over.</summary>
    public async ValueTask<IReadOnlyList<LogoutFrame>> FramesAsync(string sessionId, string subject, CancellationToken ct)
    {
        var snapshot = issuer.Configuration.Current;
        if (!snapshot.KnownClients.Any(client => client.FrontchannelLogoutUri is not null))
            return [];
        var now = issuer.Now;
        var frames = new List<LogoutFrame>();
        foreach (var id in await issuer.Stores.Grants.ClientsOfSessionAsync(sessionId, ct))
        {
            if (snapshot.Client(id) is not { Disabled: false, FrontchannelLogoutUri: { } uri } client)
                continue;
            frames.Add(new(id, AuthorizeResponse.Append(uri, [new("iss", issuer.Url.Text), new("sid", sessionId)]))); // Front-Channel Logout §2
            if (client.BackchannelLogoutUri is not null)
                continue; // What the back channel says is certain, so that is what is written down.
            var shown = new LogoutNotice
            {
                SessionId = sessionId,
                ClientId = id,
                Subject = subject,
                CreatedAt = now,
                DueAt = now,
                KeptUntil = now + LogoutNotices.GiveUpAfter + snapshot.LongestToken,
                State = LogoutNoticeState.Shown,
            };
            await issuer.Stores.LogoutNotices.TryAddAsync(shown, ct);
        }
        return frames;
    }
}
