using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Tests.House;

/// <summary>What has no test yet. These lists only ever become shorter: a member that is covered fails the test until it is struck.</summary>
internal static class Debt
{
    public static readonly IReadOnlySet<string> Sections = new HashSet<string>(StringComparer.Ordinal)
    {
        "RFC 5869 §2", // Keys
        "RFC 9449 §5", // DPoP is not served yet
    };

    /// <summary>Functions of more than 60 lines.</summary>
    public static readonly IReadOnlySet<string> LongFunctions = new HashSet<string>(StringComparer.Ordinal) { };

    public static readonly IReadOnlySet<Reason> Reasons = new HashSet<Reason>
    {
        Reason.MethodNotAllowed,
        Reason.TooManyAttempts,
        Reason.NotSignedIn,
        Reason.SenderKeyMismatch,
        Reason.AdminRequestMalformed,
        Reason.KeyFileExposed,
        Reason.LogDamaged,
        Reason.Overloaded,
        Reason.ServerRedirected,
        Reason.ConfirmationNeeded,
        Reason.Interrupted,
        Reason.WrongHost,
        Reason.DemoFailed,
    };
}
