using Microsoft.Extensions.Logging;
using Ostiary.Protocol.Jose;

namespace Ostiary.AspNetCore.Issuers;

/// <summary>
/// The issuer's document and keys, fetched when first needed and kept as long as they may be. One fetch at a time; a key that is not known
/// causes one at most every <see cref="UnknownKeyPause"/>; while the issuer is away the old keys serve on, at most <see cref="MaxStale"/>.
/// </summary>
internal sealed partial class IssuerConnection(string issuer, Backchannel backchannel, TimeProvider clock, ILogger logger)
{
    public static readonly TimeSpan UnknownKeyPause = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan MaxStale = TimeSpan.FromHours(24);
    private static readonly TimeSpan MinFresh = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MaxFresh = TimeSpan.FromHours(24);
    private static readonly TimeSpan DefaultFresh = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan PatienceWithOldKeys = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private volatile IssuerState? _state;
    private Task? _flight;
    private DateTimeOffset _nextTry = DateTimeOffset.MinValue;
    private DateTimeOffset _nextUnknownKey = DateTimeOffset.MinValue;

    public string Issuer { get; } = issuer;

    /// <summary>What is known of the issuer, or null where nothing is that may still be relied on.</summary>
    public async ValueTask<IssuerState?> GetAsync(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var state = _state;
        if (state is not null && now < state.FreshUntil)
            return state;
        if (Start(now, seen: state) is { } flight)
            await WaitAsync(flight, patient: !IsUsable(state, now), ct);
        state = _state;
        return IsUsable(state, clock.GetUtcNow()) ? state : null;
    }

    /// <summary>Verifies with the issuer's keys; where the token names a key that is not among them, they are fetched again first.</summary>
    public async ValueTask<IssuerVerification> VerifyAsync(string token, JwsPolicy policy, CancellationToken ct)
    {
        var state = await GetAsync(ct);
        if (
            Jws.TryVerify(token, state?.Keys ?? JsonWebKeySet.Empty, policy, out var jws, out var fault)
            || fault != JoseFault.KeyNotFound
            || state is null
        )
            return new IssuerVerification(state, jws, fault);
        state = await GetNewerAsync(state, ct);
        _ = Jws.TryVerify(token, state.Keys, policy, out jws, out fault);
        return new IssuerVerification(state, jws, fault);
    }

    private async ValueTask<IssuerState> GetNewerAsync(IssuerState seen, CancellationToken ct)
    {
        Task? flight;
        lock (_gate)
        {
            var now = clock.GetUtcNow();
            flight = _flight;
            if (flight is null && now >= _nextUnknownKey && ReferenceEquals(_state, seen))
            {
                _nextUnknownKey = now + UnknownKeyPause;
                flight = Launch();
            }
        }
        if (flight is not null)
            await WaitAsync(flight, patient: true, ct);
        return _state ?? seen;
    }

    private Task? Start(DateTimeOffset now, IssuerState? seen)
    {
        lock (_gate)
        {
            if (_flight is not null)
                return _flight;
            return now < _nextTry || !ReferenceEquals(_state, seen) ? null : Launch();
        }
    }

    // The fetch belongs to all who wait for it, so no single request may cancel it.
    private Task Launch()
    {
        var flight = Task.Run(FetchAsync);
        _flight = flight;
        _ = flight.ContinueWith(Land, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return flight;
    }

    private void Land(Task flight)
    {
        lock (_gate)
        {
            if (ReferenceEquals(_flight, flight))
                _flight = null;
        }
    }

    private async Task FetchAsync()
    {
        var fetched = await TryFetchAsync();
        lock (_gate)
        {
            var now = clock.GetUtcNow();
            if (fetched is not null)
            {
                var old = _state;
                // Unchanged keys keep their identity: what was verified with them stays verified.
                _state = old is not null && old.KeyText.Span.SequenceEqual(fetched.KeyText.Span) ? fetched with { Keys = old.Keys } : fetched;
            }
            _nextTry = fetched is not null ? now : now + (_state is null ? TimeSpan.FromSeconds(1) : UnknownKeyPause);
            _flight = null;
        }
    }

    private async Task<IssuerState?> TryFetchAsync()
    {
        var document = await backchannel.GetAsync(IssuerMetadata.AddressFor(Issuer), CancellationToken.None);
        if (document.Status != 200)
            return Fail("the discovery document cannot be had");
        if (IssuerMetadata.TryParse(document.Body, Issuer) is not { } metadata)
            return Fail("the discovery document is not this issuer's");
        var answer = await backchannel.GetAsync(metadata.JwksUri, CancellationToken.None);
        if (answer.Status != 200)
            return Fail("the keys cannot be had");
        if (!JsonWebKeySet.TryParse(answer.Body, publicOnly: true, out var keys, out var fault))
            return Fail(fault.Sentence());
        var now = clock.GetUtcNow();
        var fresh = answer.MaxAge ?? DefaultFresh;
        fresh =
            fresh < MinFresh ? MinFresh
            : fresh > MaxFresh ? MaxFresh
            : fresh;
        LogFetched(logger, keys.Keys.Count, fresh);
        return new IssuerState(metadata, keys, answer.Body, now, now + fresh);
    }

    private IssuerState? Fail(string why)
    {
        LogFailed(logger, why);
        return null;
    }

    private static bool IsUsable(IssuerState? state, DateTimeOffset now) => state is not null && now - state.FetchedAt <= MaxStale;

    private static async Task WaitAsync(Task flight, bool patient, CancellationToken ct)
    {
        if (patient)
            await flight.WaitAsync(ct);
        else
            await Task.WhenAny(flight, Task.Delay(PatienceWithOldKeys, ct));
    }

    [LoggerMessage(1, LogLevel.Information, "The issuer's {Count} keys were fetched; they are fresh for {Fresh}.")]
    private static partial void LogFetched(ILogger logger, int count, TimeSpan fresh);

    [LoggerMessage(2, LogLevel.Warning, "The issuer's keys could not be fetched: {Why}.")]
    private static partial void LogFailed(ILogger logger, string why);
}

/// <summary>What is known of the issuer since <see cref="FetchedAt"/>.</summary>
internal sealed record IssuerState(
    IssuerMetadata Metadata,
    JsonWebKeySet Keys,
    ReadOnlyMemory<byte> KeyText,
    DateTimeOffset FetchedAt,
    DateTimeOffset FreshUntil
);

/// <summary><see cref="State"/> is null where no keys could be had; <see cref="Jws"/> where the token does not verify.</summary>
internal readonly record struct IssuerVerification(IssuerState? State, VerifiedJws? Jws, JoseFault Fault);
