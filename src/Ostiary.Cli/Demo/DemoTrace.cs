using Ostiary.AspNetCore.Observation;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Demo;

/// <summary>What the demo saw, for the terminal and the report: chapters of steps of hops. Secrets are tags before they get here.</summary>
internal sealed record DemoTrace
{
    public required DateTimeOffset StartedAt { get; init; }
    public TimeSpan Duration { get; set; }
    public required string Version { get; init; }
    public required string Issuer { get; init; }
    public required string Api { get; init; }
    public required string Web { get; init; }
    public bool Tls { get; init; }
    public List<DemoChapter> Chapters { get; } = [];
    public bool Held => Chapters.All(chapter => chapter.Steps.All(step => step.Held));
}

/// <param name="Title">For example «Signing in».</param>
/// <param name="Introduction">For someone who has never seen OAuth.</param>
internal sealed record DemoChapter(int Number, string Title, string Introduction)
{
    public List<DemoStep> Steps { get; } = [];
}

/// <summary>One thing that somebody does, and what came of it.</summary>
/// <param name="Title">For example «The app swaps the code for tokens».</param>
/// <param name="Meaning">Why it matters, in one or two plain sentences.</param>
internal sealed record DemoStep(int Number, string Title, string Meaning)
{
    /// <summary>An attack or a mistake that must be refused.</summary>
    public bool MustFail { get; init; }
    public List<DemoHop> Hops { get; } = [];

    /// <summary>What was expected and seen, in words: «refused with OST2014 code-replayed».</summary>
    public List<DemoFinding> Findings { get; } = [];
    public bool Held => Findings.All(finding => finding.Held);
}

/// <summary>One expectation.</summary>
internal sealed record DemoFinding(string Text, bool Held, string? Seen = null);

/// <summary>One call, as it went over the wire.</summary>
internal sealed record DemoHop
{
    /// <summary>For example <c>browser</c>, <c>app</c>, <c>api</c>, <c>attacker</c>, <c>operator</c>.</summary>
    public required string From { get; init; }

    /// <summary>For example <c>server</c>, <c>app</c>, <c>api</c>, <c>billing</c>.</summary>
    public required string To { get; init; }
    public required string Method { get; init; }

    /// <summary>Without query.</summary>
    public required string Url { get; init; }
    public required int Status { get; init; }
    public double Milliseconds { get; init; }

    /// <summary>Through the browser (true: anybody in between could read or change it) or between servers.</summary>
    public bool FrontChannel { get; init; }
    public IReadOnlyList<ShownValue> Sent { get; init; } = [];
    public IReadOnlyList<ShownValue> Answer { get; init; } = [];

    /// <summary>The decisions that the hop caused, in order, each with the rules that were asked.</summary>
    public IReadOnlyList<DemoDecision> Decisions { get; init; } = [];

    /// <summary>The reference under which the server's log finds it.</summary>
    public string? Flow { get; init; }
}

/// <param name="By">Who decided: <c>server</c>, <c>api</c> or <c>app</c>.</param>
/// <param name="Act">The name of the rule list, for example <c>token.authorization_code</c>.</param>
/// <param name="Refused">Null: allowed.</param>
/// <param name="Change">The state change that was committed.</param>
internal sealed record DemoDecision(string By, string Act, IReadOnlyList<CheckedRule> Rules, Reason? Refused, string? Change);
