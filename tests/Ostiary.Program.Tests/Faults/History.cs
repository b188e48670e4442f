using System.Collections.Concurrent;

namespace Ostiary.Program.Tests.Faults;

/// <summary>What a caller knows of an effect it asked for.</summary>
public enum Outcome
{
    NotAsked,

    /// <summary>Sent, and no answer came: both worlds are allowed.</summary>
    Unknown,
    Acknowledged,
}

/// <summary>One sign-in and everything that was done with it, as its caller saw it.</summary>
public sealed class SignInStory(Code code)
{
    public Code Code { get; } = code;
    public Outcome Redeemed { get; set; }

    /// <summary>The refresh tokens that were answered, the newest last.</summary>
    public List<string> Refresh { get; } = [];
    public List<string> Access { get; } = [];

    /// <summary>A rotation of the newest token was sent, and no answer came.</summary>
    public bool RotationUnknown { get; set; }
    public Outcome Revoked { get; set; }
}

public sealed class RobotStory(string token)
{
    public string Token { get; } = token;
    public Outcome Revoked { get; set; }
}

/// <summary>An object of administration, by its path: created, and perhaps deleted again.</summary>
public sealed class AdminStory(string path)
{
    public string Path { get; } = path;
    public Outcome Created { get; set; }
    public Outcome Deleted { get; set; }
}

/// <summary>Everything that the callers of one round saw. Each story is written by one caller.</summary>
public sealed class History
{
    public ConcurrentBag<SignInStory> SignIns { get; } = [];
    public ConcurrentBag<RobotStory> Robots { get; } = [];
    public ConcurrentBag<AdminStory> Objects { get; } = [];

    /// <summary>Answers that a healthy server does not give.</summary>
    public ConcurrentBag<string> Surprises { get; } = [];
}
