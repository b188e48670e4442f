using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;

namespace Ostiary.Server.Admin;

/// <summary>Why a request was not carried out, for people: what, why, and what to do next.</summary>
internal sealed record AdminRefusal(Reason Reason, string Message, string? Hint = null)
{
    public IReadOnlyList<string> Next { get; init; } = [];
    public IReadOnlyList<ConfigurationFault> Faults { get; init; } = [];
    public string? Allow { get; init; }

    public int Status =>
        Reason switch
        {
            Reason.MethodNotAllowed => 405,
            Reason.ContentTypeUnsupported => 415,
            _ => Refusal.For(Reason).Status,
        };

    public static AdminRefusal Of(Reason reason, string? hint = null) => new(reason, Refusal.For(reason).Text, hint);

    public static AdminRefusal Of(IReadOnlyList<ConfigurationFault> faults)
    {
        var first = faults[0];
        var what = first.Path.Length == 0 ? first.Message : $"{first.Path}: {first.Message}";
        return new(first.Reason, what, first.Hint) { Faults = faults };
    }
}
