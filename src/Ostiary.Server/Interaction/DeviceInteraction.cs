using Microsoft.AspNetCore.Http;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Sessions;

namespace Ostiary.Server.Interaction;

/// <summary>What the page for devices shows: which device asks, for what, since when and from where.</summary>
/// <param name="UserCode">As the device shows it.</param>
/// <param name="Reference">The reference for people: <c>flow_…</c>.</param>
/// <param name="Network">Where the device asked from: a /24 or /48.</param>
public sealed record DevicePrompt(
    string UserCode,
    string Reference,
    AppCard App,
    IReadOnlyList<ScopeLine> Scopes,
    DateTimeOffset AskedAt,
    string? Network
);

/// <summary>A device that waits with a code, or why there is none.</summary>
public sealed record DeviceFound(DevicePrompt? Prompt, Reason? Refused, TimeSpan RetryAfter);

/// <summary>The protocol's side of the conversation with the page for devices.</summary>
public interface IDeviceInteractions
{
    ValueTask<DeviceFound> FindAsync(HttpContext http, string typed, Session session);

    /// <summary>Keeps the person's answer; the prompt that was answered, or why there was nothing to answer.</summary>
    /// <param name="optionalScopes">The optional scopes that were left checked.</param>
    ValueTask<DeviceFound> AnswerAsync(HttpContext http, string userCode, Session session, bool allow, IReadOnlyList<string> optionalScopes);
}
