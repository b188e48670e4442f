using Ostiary.AspNetCore.Observation;
using Ostiary.Protocol.Rules;

namespace Ostiary.AspNetCore.Api;

/// <summary>One check of a call, as it may be shown to people: no token, no query.</summary>
public sealed record ApiCheck
{
    public required string Method { get; init; }
    public required string Path { get; init; }

    /// <summary>The scopes that the endpoint needs.</summary>
    public required IReadOnlyList<string> RequiredScopes { get; init; }

    public required Verdict Verdict { get; init; }

    /// <summary>The rules that were asked, in order; where the call was refused, the last one refused it.</summary>
    public required IReadOnlyList<CheckedRule> Rules { get; init; }

    /// <summary>What the token says, and the token itself as a tag. Empty values where the token did not verify.</summary>
    public required IReadOnlyList<ShownValue> Token { get; init; }

    /// <summary>The status of the refusal; 0 where the call went on.</summary>
    public required int Status { get; init; }

    /// <summary>The <c>WWW-Authenticate</c> of the refusal; null where there is none.</summary>
    public required string? Challenge { get; init; }
}
