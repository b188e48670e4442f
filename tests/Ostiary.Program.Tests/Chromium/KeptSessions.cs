using System.Collections.Concurrent;
using Ostiary.AspNetCore.Bff;

namespace Ostiary.Program.Tests.Chromium;

/// <summary>The app's sessions, and every secret that was ever in one of them.</summary>
internal sealed class KeptSessions : IBffSessionStore
{
    private readonly ConcurrentDictionary<string, PendingSignIn> _signIns = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, BffSession> _sessions = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<BffSession> _seen = new();
    private readonly ConcurrentQueue<PendingSignIn> _begun = new();

    public int Count => _sessions.Count;

    /// <summary>Access tokens, refresh tokens and verifiers. ID tokens are told apart: one of them is the hint of the sign-out.</summary>
    public IReadOnlyList<string> Secrets =>
        [.. _seen.SelectMany(s => new[] { s.AccessToken, s.RefreshToken }).OfType<string>().Concat(_begun.Select(b => b.Verifier)).Distinct()];

    public IReadOnlyList<string> IdTokens => [.. _seen.Select(s => s.IdToken).Distinct()];

    public ValueTask AddSignInAsync(string id, PendingSignIn signIn, CancellationToken ct)
    {
        _begun.Enqueue(signIn);
        _signIns[id] = signIn;
        return ValueTask.CompletedTask;
    }

    public ValueTask<PendingSignIn?> TakeSignInAsync(string id, CancellationToken ct) =>
        ValueTask.FromResult(_signIns.TryRemove(id, out var signIn) ? signIn : null);

    public ValueTask AddAsync(string id, BffSession session, CancellationToken ct)
    {
        _seen.Enqueue(session);
        _sessions[id] = session;
        return ValueTask.CompletedTask;
    }

    public ValueTask<BffSession?> FindAsync(string id, CancellationToken ct) => ValueTask.FromResult(_sessions.GetValueOrDefault(id));

    public ValueTask<bool> TryReplaceAsync(string id, BffSession expected, BffSession next, CancellationToken ct)
    {
        _seen.Enqueue(next);
        return ValueTask.FromResult(_sessions.TryUpdate(id, next, expected));
    }

    public ValueTask<int> RemoveAllAsync(string? subject, string? issuerSession, CancellationToken ct) =>
        ValueTask.FromResult(_sessions.Count(pair => pair.Value.IsOf(subject, issuerSession) && _sessions.TryRemove(pair.Key, out _)));

    public ValueTask RemoveAsync(string id, CancellationToken ct)
    {
        _sessions.TryRemove(id, out _);
        return ValueTask.CompletedTask;
    }
}
