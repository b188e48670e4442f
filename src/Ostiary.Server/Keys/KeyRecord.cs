using Ostiary.Protocol.Jose;

namespace Ostiary.Server.Keys;

public enum KeyState
{
    /// <summary>In the JWKS, not signing yet.</summary>
    Published,
    Active,

    /// <summary>In the JWKS until the last token it signed is over.</summary>
    Retiring,

    /// <summary>No longer accepted. Only its public part is kept, for the checkpoints it signed.</summary>
    Gone,
}

/// <summary>A signing key as administration sees it. Times are null where the state has not been reached.</summary>
public sealed record KeyInfo(
    string Kid,
    string Alg,
    KeyState State,
    DateTimeOffset PublishedAt,
    DateTimeOffset ReadyAt,
    DateTimeOffset? ActiveAt,
    DateTimeOffset? RetiringAt,
    DateTimeOffset? GoneAt,
    bool Revoked
);

/// <summary>What one configuration document of kind <c>key</c> holds.</summary>
internal sealed record KeyRecord
{
    public required string Kid { get; init; }
    public required string Alg { get; init; }
    public required KeyState State { get; init; }
    public required DateTimeOffset PublishedAt { get; init; }

    /// <summary>From then on every verifier that keeps to the announced cache lifetime knows the key.</summary>
    public required DateTimeOffset ReadyAt { get; init; }
    public DateTimeOffset? ActiveAt { get; init; }
    public DateTimeOffset? RetiringAt { get; init; }
    public DateTimeOffset? GoneAt { get; init; }
    public bool Revoked { get; init; }
    public required JsonWebKey Public { get; init; }

    /// <summary>The private JWK under the master key; null once the key cannot sign any more.</summary>
    public byte[]? Sealed { get; init; }

    public bool IsServed => State != KeyState.Gone;

    public KeyRecord Activate(DateTimeOffset now) => this with { State = KeyState.Active, ActiveAt = now };

    public KeyRecord Retire(DateTimeOffset now) => this with { State = KeyState.Retiring, RetiringAt = now, Sealed = null };

    public KeyRecord Drop(DateTimeOffset now, bool revoked) => this with { State = KeyState.Gone, GoneAt = now, Revoked = revoked, Sealed = null };

    public KeyInfo ToInfo() => new(Kid, Alg, State, PublishedAt, ReadyAt, ActiveAt, RetiringAt, GoneAt, Revoked);
}
