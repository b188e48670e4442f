using System.Collections.Immutable;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Configuration;

/// <summary>A duration setting: its safe greatest value, which <c>allow_unsafe</c> can lift by name, and the values that nothing lifts.</summary>
internal sealed record Bound(string Name, TimeSpan Least, TimeSpan Safe, TimeSpan Greatest);

/// <summary>The safe bounds of every duration setting, as one table.</summary>
internal static class Bounds
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan Year = TimeSpan.FromDays(365);

    // csharpier-ignore
    private static readonly Bound[] All =
    [
        new("code_lifetime",          Second,        Minute,                   10 * Minute),             // RFC 6749 §4.1.2
        new("interaction_lifetime",   Minute,        Day,                      7 * Day),
        new("pushed_request_lifetime", 5 * Second,   10 * Minute,              10 * Minute),             // RFC 9126 §2.2
        new("id_token_lifetime",      Second,        Day,                      Year),
        new("access_token_lifetime",  Second,        Day,                      Year),
        new("token_lifetime",         Second,        Day,                      Year),
        new("refresh_token_lifetime", Second,        Year,                     10 * Year),
        new("refresh_token_idle",     Second,        Year,                     10 * Year),
        new("refresh_retry_window",   TimeSpan.Zero, TimeSpan.FromSeconds(300), TimeSpan.FromSeconds(300)), // RFC 9700 §4.14.2
        new("session_lifetime",       Minute,        30 * Day,                 10 * Year),
        new("session_idle",           Minute,        30 * Day,                 10 * Year),
        new("unused_lifetime",        Minute,        30 * Day,                 Year),
        new("jwks_cache_lifetime",    TimeSpan.Zero, Day,                      30 * Day),
        new("key_rotation",           TimeSpan.FromHours(1), Year,             10 * Year),
    ];

    /// <summary>The settings that <c>allow_unsafe</c> of this document names. Called before the durations are read.</summary>
    public static ImmutableArray<string> ReadAllowances(DocumentReader reader, params ReadOnlySpan<string> settings)
    {
        var names = settings.ToArray();
        var allowed = reader.Texts("allow_unsafe", 100) ?? [];
        for (var i = 0; i < allowed.Length; i++)
        {
            if (names.Contains(allowed[i], StringComparer.Ordinal))
                continue;
            var closest = ClosestName.Of(allowed[i], names);
            reader.Refuse(
                $"allow_unsafe[{i}]",
                $"'{DocumentReader.Shorten(allowed[i])}' has no safe bound here.",
                closest is null ? $"Bounds have: {string.Join(", ", names)}." : $"The closest is '{closest}'.",
                Reason.UnknownSetting
            );
        }
        return allowed;
    }

    public static TimeSpan? Read(DocumentReader reader, string name, ImmutableArray<string> allowed)
    {
        if (reader.Span(name) is not { } span)
            return null;
        var bound = Array.Find(All, candidate => candidate.Name == name)!;
        var greatest = allowed.Contains(name) ? bound.Greatest : bound.Safe;
        if (span >= bound.Least && span <= greatest)
            return span;
        var liftable = span > bound.Safe && span <= bound.Greatest;
        reader.Refuse(
            name,
            $"{Duration.Format(span)} is outside {Duration.Format(bound.Least)} to {Duration.Format(greatest)}.",
            liftable ? $"To exceed the safe bound, add \"allow_unsafe\": [\"{name}\"]." : null,
            Reason.UnsafeLifetime
        );
        return null;
    }
}
