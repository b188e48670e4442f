namespace Ostiary.Server.Outbound;

/// <summary>What one purpose of fetching takes, and for how long it keeps it. Each purpose has its own room, so that no other is crowded out by it.</summary>
internal sealed record FetchPolicy
{
    private const int KiB = 1024;

    /// <summary>The event log names it.</summary>
    public required string Purpose { get; init; }

    /// <summary>What an answer may be.</summary>
    public required IReadOnlyList<string> ContentTypes { get; init; }
    public required int MaxBytes { get; init; }

    /// <summary>From the question for the name to the last byte.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Exchanges at once for this purpose.</summary>
    public int Room { get; init; } = 32;

    /// <summary>An answer is kept as long as it says, within these.</summary>
    public TimeSpan Freshest { get; init; } = TimeSpan.FromSeconds(30);
    public TimeSpan Usual { get; init; } = TimeSpan.FromMinutes(5);
    public TimeSpan Longest { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>After that, where a new answer cannot be had, the last good one serves so much longer.</summary>
    public TimeSpan StaleFor { get; init; }

    /// <summary>A copy that lacks what is asked for is fetched anew, but not sooner than this after the last time.</summary>
    public TimeSpan NewerAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>After a failure nobody asks again for this long, twice as long after each further one.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(5);
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Addresses whose answers, good or bad, are remembered.</summary>
    public int MaxCopies { get; init; } = 1000;

    /// <summary>The key set of a client. A login waits for it, so it is given little time; an outage of an hour is bridged. RFC 7517 §5</summary>
    public static FetchPolicy KeySet { get; } =
        new()
        {
            Purpose = "outbound.jwks_uri",
            ContentTypes = ["application/jwk-set+json", "application/json"],
            MaxBytes = 64 * KiB,
            Timeout = TimeSpan.FromSeconds(2),
            StaleFor = TimeSpan.FromHours(1),
        };

    /// <summary>What a client is, at the address that its id is. CIMD §4.4, CIMD §6.6</summary>
    public static FetchPolicy ClientDocument { get; } =
        new()
        {
            Purpose = "outbound.client_id",
            ContentTypes = ["application/json"],
            MaxBytes = 5 * KiB,
            Freshest = TimeSpan.FromMinutes(5),
            Usual = TimeSpan.FromHours(1),
            Longest = TimeSpan.FromDays(1),
            StaleFor = TimeSpan.FromHours(1),
        };

    /// <summary>A logout token for a client; its answer is a status. Back-Channel Logout §2.8</summary>
    public static FetchPolicy LogoutToken { get; } =
        new()
        {
            Purpose = "outbound.backchannel_logout_uri",
            ContentTypes = [],
            MaxBytes = 0,
        };

    /// <summary>A signed authorization request at an address that the client registered.</summary>
    public static FetchPolicy RequestObject { get; } =
        new()
        {
            Purpose = "outbound.request_uri",
            ContentTypes = ["application/oauth-authz-req+jwt", "application/jwt"],
            MaxBytes = 16 * KiB,
            Freshest = TimeSpan.Zero,
            Usual = TimeSpan.Zero,
            Longest = TimeSpan.FromMinutes(1),
        };
}
