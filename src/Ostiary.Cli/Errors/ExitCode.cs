namespace Ostiary.Cli.Errors;

/// <summary>What the program answers. Below 10: it did not do it. From 10 on: it did it, and somebody should look.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Bug = 1;
    public const int Usage = 2;
    public const int NotFound = 3;
    public const int NotAllowed = 4;
    public const int Conflict = 5;
    public const int Unreachable = 6;
    public const int Refused = 7;
    public const int Findings = 10;
    public const int Inconclusive = 11;
    public const int Interrupted = 130;

    public static readonly IReadOnlyList<(int Code, string Meaning)> All =
    [
        (Done, "done"),
        (Bug, "unexpected failure (a bug)"),
        (Usage, "usage or local input is not valid"),
        (NotFound, "not found"),
        (NotAllowed, "not signed in, or not allowed"),
        (Conflict, "conflict: it exists already, or has changed meanwhile"),
        (Unreachable, "the server cannot be reached"),
        (Refused, "the server refused by its protocol"),
        (Findings, "done, with findings to look at"),
        (Inconclusive, "inconclusive"),
        (Interrupted, "interrupted"),
    ];
}
