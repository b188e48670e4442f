using System.Globalization;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Keys;

/// <summary>Makes signing keys and opens the sealed ones.</summary>
internal sealed class KeyMint(MasterKey master, Func<IssuerSettings> settings, TimeProvider time, Func<DateTimeOffset?> fence)
{
    /// <summary>
    /// A node that has not seen a new key after this long is not ready and gets no requests, so its older JWKS goes to nobody: every node that serves has loaded the key
    /// by then. Twice that, for the balancer that has to notice.
    /// </summary>
    public static readonly TimeSpan SlowestNode = 2 * Follower.Ready;

    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);

    private const string Purpose = "signing-key";

    public static readonly IReadOnlyList<string> Algorithms = SigningAlgorithms.Public;

    /// <summary>From publication until every verifier knows a key: the announced cache lifetime, and a margin that is never less than the slowest node needs.</summary>
    public static TimeSpan Lead(IssuerSettings settings)
    {
        var margin = settings.JwksCacheLifetime < Margin ? settings.JwksCacheLifetime : Margin;
        return settings.JwksCacheLifetime + (margin > SlowestNode ? margin : SlowestNode);
    }

    /// <summary>A fresh key in state published. Making an RSA key takes a tenth of a second: never on the way of a token request.</summary>
    public KeyRecord Make(string alg)
    {
        // Never before a fence, whatever this node's clock says: it would be taken for one of those behind it.
        var (clock, earliest) = (time.GetUtcNow(), fence() ?? default);
        var now = clock > earliest ? clock : earliest;
        var date = now.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var kid = $"{alg.ToLowerInvariant()}-{date}-{Convert.ToHexStringLower(Entropy.Bytes(4))}";
        var key = JsonWebKey.Generate(alg, kid);
        return new KeyRecord
        {
            Kid = kid,
            Alg = alg,
            State = KeyState.Published,
            PublishedAt = now,
            ReadyAt = now + Lead(settings()),
            Public = key.ToPublic(),
            Sealed = master.Seal(Purpose, key.ToPrivateUtf8()),
        };
    }

    public JwsSigner Open(KeyRecord record)
    {
        var plain = record.Sealed is null ? null : master.Open(Purpose, record.Sealed);
        if (plain is null)
            throw Unreadable(record.Kid, "it was sealed under another master key, or changed");
        if (!JsonWebKey.TryParse(plain, out var key, out _) || !key.HasPrivate)
            throw Unreadable(record.Kid, "its sealed content is not a private key");
        if (key.Kid != record.Kid || key.Thumbprint() != record.Public.Thumbprint())
            throw Unreadable(record.Kid, "its private and public parts do not belong together");
        return JwsSigner.Create(key, record.Alg);
    }

    private static StoreException Unreadable(string kid, string why) =>
        new(Reason.KeyUnreadable, $"The signing key {kid} cannot be read: {why}. Restore the master.key that belongs to this data.");
}
