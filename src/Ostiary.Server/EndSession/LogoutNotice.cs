using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.EndSession;

public enum LogoutNoticeState
{
    /// <summary>To be delivered, or to be tried again.</summary>
    Waiting = 0,

    /// <summary>The client has accepted it.</summary>
    Told = 1,

    /// <summary>Given up: the client may think that the person is still there.</summary>
    Failed = 2,

    /// <summary>Its page was in a frame of the page after the logout. Whether the browser loaded it, nobody can tell. Front-Channel Logout §3</summary>
    Shown = 3,
}

/// <summary>That a session is over, for one client that took part in it. One row per session and client. Back-Channel Logout §2.5</summary>
public sealed record LogoutNotice
{
    public required string SessionId { get; init; }
    public required string ClientId { get; init; }
    public required string Subject { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it may be tried next; while somebody delivers it, when others may take it over.</summary>
    public required DateTimeOffset DueAt { get; init; }

    /// <summary>From then on it may be swept, delivered or not.</summary>
    public required DateTimeOffset KeptUntil { get; init; }
    public LogoutNoticeState State { get; init; }

    /// <summary>How often it was taken for delivery; who took it last, settles it.</summary>
    public int Tries { get; init; }

    /// <summary>Why the last try came to nothing.</summary>
    public Reason? Refused { get; init; }

    public string Id => IdOf(SessionId, ClientId);

    /// <summary>The one key.</summary>
    public static string IdOf(string sessionId, string clientId) => sessionId + "/" + clientId;
}
