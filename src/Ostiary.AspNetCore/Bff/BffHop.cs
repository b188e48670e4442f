using Ostiary.AspNetCore.Observation;
using Ostiary.Protocol.Rules;

namespace Ostiary.AspNetCore.Bff;

/// <summary>One hop of a sign-in, a refresh, an API call or a sign-out, as it may be shown to people: secrets are tags.</summary>
public sealed record BffHop
{
    /// <summary>For example <c>authorization request</c>, <c>callback</c>, <c>code exchange</c>, <c>id token</c>, <c>userinfo</c>, <c>refresh</c>, <c>api call</c>, <c>sign-out</c>.</summary>
    public required string Name { get; init; }

    public required string Method { get; init; }

    /// <summary>Where it went, without query.</summary>
    public required string Url { get; init; }

    public IReadOnlyList<ShownValue> Sent { get; init; } = [];
    public IReadOnlyList<ShownValue> Answer { get; init; } = [];

    /// <summary>What was checked; where the hop was refused, the last rule refused it.</summary>
    public IReadOnlyList<CheckedRule> Rules { get; init; } = [];

    /// <summary>Null where the hop had nothing to decide.</summary>
    public Verdict? Verdict { get; init; }

    /// <summary>The status of the answer; 0 where none came.</summary>
    public int Status { get; init; }
}

/// <summary>Shows parameters: what is secret, or ties a flow to a browser, only as its tag.</summary>
internal static class Shown
{
    private static readonly HashSet<string> Secrets = new(StringComparer.Ordinal)
    {
        "code",
        "state",
        "nonce",
        "code_verifier",
        "code_challenge",
        "client_secret",
        "access_token",
        "refresh_token",
        "id_token",
        "id_token_hint",
        "logout_token",
        "at_hash",
    };

    public static IReadOnlyList<ShownValue> Of(IEnumerable<KeyValuePair<string, string>> values, Func<string, string> tag) =>
        [.. values.Select(pair => new ShownValue(pair.Key, Secrets.Contains(pair.Key) ? tag(pair.Value) : Cut(pair.Value)))];

    private static string Cut(string value) => value.Length <= 200 ? value : value[..200] + "…";
}
