namespace Ostiary.Protocol.Reasons;

/// <summary>How loudly a refusal is logged: the client's mistake, something the operator must act on, or our own failure.</summary>
public enum Severity
{
    Information,
    Warning,
    Error,
}

/// <summary>What a peer is told about a <see cref="Reason"/>: HTTP status, wire error, the section that the answer comes from, and one fixed sentence.</summary>
/// <param name="Status">HTTP status code of the answer; for 8xxx and 9xxx the exit code of the program.</param>
/// <param name="Error">The error code of RFC 6749 §5.2, RFC 6749 §4.1.2.1, RFC 6750 §3.1, OIDC Core §3.1.2.6 or RFC 8707 §2; empty where no wire error exists.</param>
/// <param name="Spec">The section that demands the refusal; empty where it is a rule of this program.</param>
/// <param name="Text">One sentence for the peer's developer: printable ASCII without quotation mark and backslash (RFC 6749 §5.2).</param>
/// <param name="Severity">The log level.</param>
public readonly record struct Refusal(int Status, string Error, string Spec, string Text, Severity Severity = Severity.Information)
{
    /// <summary>The stable code, for example <c>OST1012</c>.</summary>
    public static string CodeOf(Reason reason) => $"OST{(int)reason:0000}";

    /// <summary>The stable name, for example <c>redirect-uri-mismatch</c>.</summary>
    public static string NameOf(Reason reason) => KebabCase.Of(reason.ToString());

    /// <summary>The row of a reason. Total: a reason without a row does not compile.</summary>
    public static Refusal For(Reason reason) => RefusalTable.For(reason);
}
