using System.Text;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;

namespace Ostiary.AspNetCore.Bff;

/// <summary>What is known when a browser comes back from the issuer.</summary>
internal sealed record CallbackFacts
{
    public required string Issuer { get; init; }

    /// <summary>The issuer said that it names itself in every answer, so an answer without <c>iss</c> is not its own.</summary>
    public required bool IssuerNamesItself { get; init; }

    /// <summary>This browser has begun some sign-in here.</summary>
    public required bool HasCookie { get; init; }

    /// <summary>The sign-in that the state and this browser's cookie agree on; it was taken, so there is no second try.</summary>
    public required PendingSignIn? SignIn { get; init; }
}

/// <summary>What must hold of the answer that a browser brings from the issuer.</summary>
public static class CallbackRules
{
    // csharpier-ignore
    internal static RuleList<FormParameters, CallbackFacts> All { get; } = new("callback")
    {
        { "this browser has begun a sign-in",             Reason.CallbackCookieMissing, "RFC 6749 §10.12",  (r, f, now) => f.HasCookie },
        { "no parameter occurs twice",                    Reason.ParameterRepeated,     "RFC 6749 §3.1",    (r, f, now) => r.Repeated is null },
        { "state is that of a sign-in which this browser began and has not finished", Reason.CallbackStateWrong, "RFC 6749 §10.12", (r, f, now) => f.SignIn is not null && now < f.SignIn.Ends && Same(r["state"], f.SignIn.State) },
        { "iss is the issuer that was asked",             Reason.CallbackIssuerWrong,   "RFC 9207 §2.4",    (r, f, now) => r["iss"] is { } iss ? iss == f.Issuer : !f.IssuerNamesItself },
        { "the answer is no error",                       Reason.CallbackRefused,       "RFC 6749 §4.1.2.1", (r, f, now) => !r.Has("error") },
        { "the answer has a code",                        Reason.CallbackRefused,       "RFC 6749 §4.1.2",  (r, f, now) => r.Has("code") },
    };

    /// <summary>The rules in order, for documentation: text, section, reason of the refusal.</summary>
    public static IReadOnlyList<(string Text, string Spec, Reason Reason)> Listed { get; } =
    [.. All.Select(rule => (rule.Text, rule.Spec, rule.Reason))];

    private static bool Same(string? given, string expected) =>
        given is not null && FixedTime.Equals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(expected));
}
