using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;

namespace Ostiary.Server.Users;

/// <summary>What somebody typed. The password itself is in none of the facts.</summary>
internal sealed record LoginRequest(string? Network);

/// <summary>What was found out, in the order of the rules; what comes after the first false was not looked at.</summary>
internal sealed record LoginFacts
{
    public bool FormIsOurs { get; init; }
    public bool MayTry { get; init; }
    public bool QueueHasRoom { get; init; }
    public bool PasswordIsRight { get; init; }
    public bool AccountIsEnabled { get; init; }
}

internal static class LoginRules
{
    // csharpier-ignore
    public static readonly RuleList<LoginRequest, LoginFacts> All = new("login.password")
    {
        { "the form comes from a page of this server, in this browser",           Reason.FormForged,        "RFC 6819 §4.4.1.8",   (r, f, now) => f.FormIsOurs },
        { "there were not too many failures for the account or from the network", Reason.TooManyAttempts,   "RFC 6819 §5.1.4.2.3", (r, f, now) => f.MayTry },
        { "the password queue has room",                                          Reason.PasswordQueueFull, "",                    (r, f, now) => f.QueueHasRoom },
        { "username and password are those of an account",                        Reason.CredentialsWrong,  "",                    (r, f, now) => f.PasswordIsRight },
        { "the account is enabled",                                               Reason.AccountDisabled,   "",                    (r, f, now) => f.AccountIsEnabled },
    };
}
