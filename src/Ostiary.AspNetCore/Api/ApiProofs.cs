using Ostiary.AspNetCore.Issuers;
using Ostiary.Protocol.Dpop;

namespace Ostiary.AspNetCore.Api;

/// <summary>What the proofs of this API must be for, and which of them were used. RFC 9449 §7</summary>
internal sealed class ApiProofs(ApiOptions options)
{
    /// <summary>Longer than any proof is taken.</summary>
    private static readonly TimeSpan Turn = DpopRules.Age + DpopRules.Ahead + TimeSpan.FromSeconds(1);
    private readonly DpopNonces? _nonces = options.DpopNonceKey is { } key ? new DpopNonces(key) : null;
    private readonly Lock _gate = new();
    private HashSet<UInt256> _newer = [];
    private HashSet<UInt256> _older = [];
    private DateTimeOffset _turnedAt;

    /// <summary>The nonce that proofs need now; null: they need none.</summary>
    public string? Nonce(DateTimeOffset now) => _nonces?.Current(now);

    public DpopExpectation Expect(BearerRequest request, DateTimeOffset now)
    {
        var nonce = request.Proof is { } proof && _nonces is not null ? _nonces.StandingOf(proof.Nonce, demanded: true, now) : NonceStanding.Absent;
        return new(request.Method, options.Target(request.Path), nonce, null, request.Token);
    }

    /// <summary>True for one request with the same proof. Two generations are kept, each of a turn, so an entry is there for at least as long as its proof holds.</summary>
    public ValueTask<bool> TryUseAsync(DpopProof proof, DateTimeOffset now, CancellationToken ct)
    {
        if (options.TryUseProof is { } shared)
            return shared(proof.OnceKey, DpopRules.UsedUntil(proof), ct);
        var key = UInt256.HashOf(proof.OnceKey);
        lock (_gate)
        {
            if (now - _turnedAt >= Turn)
                (_older, _newer, _turnedAt) = (_newer, [], now);
            return ValueTask.FromResult(!_older.Contains(key) && _newer.Add(key));
        }
    }
}
