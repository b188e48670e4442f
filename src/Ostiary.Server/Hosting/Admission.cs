using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Ostiary.Server.Hosting;

/// <summary>
/// Lets a request in or sheds it, before any work is done for it. There is one count of requests in work and one measure of how long requests wait for a
/// processor; each lane has its own bound on both, so as load rises the lanes close in a fixed order, last to first, and what one lane may not use is
/// kept free for the lanes before it. Nothing waits here: who is not let in is told so at once.
/// </summary>
public sealed class Admission : IDisposable
{
    /// <summary>In the order of worth: the last is shed first.</summary>
    internal static readonly IReadOnlyList<string> LaneNames =
    [
        "revocation",
        "refresh",
        "code",
        "client-credentials",
        "page",
        "authorization",
        "password",
        "administration",
    ];

    private readonly Pulse _pulse = new();
    private int _inWork;

    public Admission(Limits limits)
    {
        Limits = limits;
        var bounds = limits.Lanes;
        var first = limits.QueueTime.TotalMilliseconds;
        Lanes = [.. LaneNames.Select((name, i) => new Lane(this, name, bounds[i], (int)(first * (2 - ((double)i / (LaneNames.Count - 1))))))];
        Token = new Lane(this, Refresh) { IsChosenByGrantType = true };
    }

    public Limits Limits { get; }
    internal IReadOnlyList<Lane> Lanes { get; }

    /// <summary>What ends something or asks whether it has ended: revocation, introspection, userinfo, and changes by administration.</summary>
    public Lane Revocation => Lanes[0];
    public Lane Refresh => Lanes[1];
    public Lane Code => Lanes[2];
    public Lane ClientCredentials => Lanes[3];

    /// <summary>Pages of a sign-in that has begun, logout, one's own account.</summary>
    public Lane Page => Lanes[4];
    public Lane Authorization => Lanes[5];

    /// <summary>Hashing of passwords, and clients that register themselves.</summary>
    public Lane Password => Lanes[6];

    /// <summary>Lists and reports.</summary>
    public Lane Administration => Lanes[7];

    /// <summary>The token endpoint: which lane it is depends on the grant type, which is looked at only where it makes a difference.</summary>
    public Lane Token { get; }

    internal int InWork => Volatile.Read(ref _inWork);
    internal int QueueMilliseconds => _pulse.Milliseconds;

    /// <summary>For tests: what the machine would say when it is busy.</summary>
    internal Func<int>? QueueOf
    {
        set => _pulse.Pretended = value;
    }

    public void Dispose() => _pulse.Dispose();

    /// <summary>The lane of a request; null: never shed.</summary>
    internal static Lane? LaneOf(HttpContext http)
    {
        var lane = http.GetEndpoint()?.Metadata.GetMetadata<Lane>();
        return lane?.Admission is { } admission && ReferenceEquals(lane, admission.Administration) && !HttpMethods.IsGet(http.Request.Method)
            ? admission.Revocation
            : lane;
    }

    /// <summary>True: let in, and <see cref="Leave"/> must follow.</summary>
    internal bool TryEnter(Lane lane)
    {
        if (Interlocked.Increment(ref _inWork) <= lane.MostInWork && _pulse.Milliseconds <= lane.LongestQueue)
        {
            lane.CountAdmitted();
            return true;
        }
        Interlocked.Decrement(ref _inWork);
        lane.CountShed();
        return false;
    }

    internal void Leave() => Interlocked.Decrement(ref _inWork);

    internal void Return() => Interlocked.Increment(ref _inWork);

    /// <summary>Whether the grant type decides who is let in.</summary>
    internal bool IsPressed => InWork >= ClientCredentials.MostInWork || _pulse.Milliseconds > ClientCredentials.LongestQueue;
}

/// <summary>Requests of one worth. Metadata of the routes; a route without one is never shed.</summary>
public sealed class Lane
{
    private readonly Lane _counted;
    private long _admitted;
    private long _shed;

    internal Lane(Admission admission, string name, int mostInWork, int longestQueue)
    {
        (Admission, Name, MostInWork, LongestQueue) = (admission, name, mostInWork, longestQueue);
        _counted = this;
    }

    /// <summary>Another name for <paramref name="same"/>.</summary>
    internal Lane(Admission admission, Lane same)
    {
        (Admission, Name, MostInWork, LongestQueue) = (admission, same.Name, same.MostInWork, same.LongestQueue);
        _counted = same;
    }

    public string Name { get; }
    internal Admission Admission { get; }
    internal bool IsChosenByGrantType { get; init; }

    /// <summary>Requests of all lanes in work, this one included.</summary>
    internal int MostInWork { get; }

    /// <summary>Milliseconds.</summary>
    internal int LongestQueue { get; }
    internal long Admitted => Volatile.Read(ref _admitted);
    internal long Shed => Volatile.Read(ref _shed);

    internal void CountAdmitted() => Interlocked.Increment(ref _counted._admitted);

    internal void CountShed() => Interlocked.Increment(ref _counted._shed);

    /// <summary>1 to 5 seconds, another for each, so that those who were sent away do not come back together.</summary>
    internal int RetryAfter => (int)(Volatile.Read(ref _counted._shed) % 5) + 1;
}

/// <summary>A request was let in, waited for its own body, and found the house full.</summary>
internal sealed class ShedException(Lane lane) : Exception
{
    public Lane Lane { get; } = lane;
}

internal static class LaneExtensions
{
    public static T In<T>(this T route, Lane lane)
        where T : IEndpointConventionBuilder => route.WithMetadata(lane);
}
