using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Configuration;

/// <summary>One thing that is wrong in a configuration, and where. All of them are reported at once.</summary>
/// <param name="Path">The member as the reader wrote it, for example <c>clients[0].redirect_uris[1]</c>.</param>
/// <param name="Message">What is wrong, in one sentence. It never holds a secret.</param>
/// <param name="Hint">What to write instead, where that is known.</param>
public sealed record ConfigurationFault(string Path, Reason Reason, string Message, string? Hint = null)
{
    public override string ToString() => Hint is null ? $"{Path}: {Message}" : $"{Path}: {Message} {Hint}";
}
