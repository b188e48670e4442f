using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;

namespace Ostiary.Server.Http;

/// <summary>How a posted form arrived.</summary>
internal interface IFormFacts
{
    /// <summary>Why the body could not be read; null: it could.</summary>
    Reason? Malformed { get; }
    bool HasQuery { get; }
}

/// <summary>What every form must fulfil that a client posts by itself; placed by name at the head of the list of its endpoint.</summary>
internal static class FormRules
{
    // csharpier-ignore
    public static readonly RuleList<FormParameters, IFormFacts> All = new("form")
    {
        { "nothing is sent in the URL",        Reason.ParametersInUrl,        "RFC 6749 §3.2", (r, f, now) => !f.HasQuery },
        { "the body is form-urlencoded UTF-8", Reason.ContentTypeUnsupported, "RFC 6749 §3.2", (r, f, now) => f.Malformed is not Reason.ContentTypeUnsupported },
        { "the body is not too large",         Reason.RequestTooLarge,        "RFC 6749 §3.2", (r, f, now) => f.Malformed is not Reason.RequestTooLarge },
        { "the body is well-formed",           Reason.RequestMalformed,       "RFC 6749 §3.2", (r, f, now) => f.Malformed is null },
        { "no parameter occurs twice",         Reason.ParameterRepeated,      "RFC 6749 §3.2", (r, f, now) => r.Repeated is null },
    };
}
