using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;

namespace Ostiary.Server.Apis;

/// <summary>A request that names scopes and resources.</summary>
internal interface ITargetRequest
{
    Client Client { get; }
    ScopeSet Scope { get; }
    bool ScopeMalformed { get; }
    IReadOnlyList<string> Resources { get; }
}

internal interface ITargetFacts
{
    Snapshot Snapshot { get; }
}

/// <summary>What every request that names scopes and resources must fulfil; placed by name in the lists of the grants and of the authorization request.</summary>
internal static class TargetRules
{
    // csharpier-ignore
    public static readonly RuleList<ITargetRequest, ITargetFacts> All = new("target")
    {
        { "the scope is well-formed",                Reason.ScopeMalformed,    "RFC 6749 §3.3", (r, f, now) => !r.ScopeMalformed },
        { "every resource is an absolute URI",       Reason.ResourceMalformed, "RFC 8707 §2",   (r, f, now) => r.Resources.All(TokenTarget.IsResource) },
        { "every resource is known to the client",   Reason.ResourceUnknown,   "RFC 8707 §2",   (r, f, now) => TokenTarget.KnowsResources(r.Resources, r.Client, f.Snapshot) },
        { "every scope exists",                      Reason.ScopeUnknown,      "RFC 6749 §5.2", (r, f, now) => TokenTarget.KnowsScopes(r.Scope, f.Snapshot) },
        { "the client may ask for every scope",      Reason.ScopeNotAllowed,   "RFC 6749 §5.2", (r, f, now) => r.Scope.IsWithin(TokenTarget.AllowedTo(r.Client)) },
    };
}
