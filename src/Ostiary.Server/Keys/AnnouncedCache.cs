using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Keys;

/// <summary>
/// How long verifiers may keep the key set, by what they were told and not by what they are told now: who fetched it before the lifetime was lowered keeps it for
/// the longer time. Where nothing is stored, nothing but the lifetime of a fresh installation was ever announced.
/// </summary>
internal sealed record AnnouncedCache(TimeSpan Lifetime, TimeSpan Before, DateTimeOffset BeforeUntil)
{
    private const string Kind = "key-cache";
    private const string Id = "announced";

    public static readonly AnnouncedCache OfFreshInstallation = new(new IssuerSettings().JwksCacheLifetime, TimeSpan.Zero, default);

    /// <summary>The lifetime that every cache keeps to.</summary>
    public TimeSpan Longest(DateTimeOffset now) => Before > Lifetime && now < BeforeUntil ? Before : Lifetime;

    public static AnnouncedCache Of(DocumentSet set)
    {
        if (set.Documents.FirstOrDefault(document => document is { Kind: Kind, Id: Id }) is { } document)
            return Read(document.Json);
        return OfFreshInstallation;
    }

    /// <summary>From now on another lifetime is announced, by the slowest node too after <paramref name="slowest"/>.</summary>
    public AnnouncedCache Announce(TimeSpan lifetime, DateTimeOffset now, TimeSpan slowest)
    {
        if (lifetime == Lifetime)
            return this;
        var longest = Longest(now);
        // What was already on its way out is not over before its own time, and what is replaced now lives for all of its own from now.
        var until = now + slowest + Lifetime;
        return new(lifetime, longest, longest > Lifetime && BeforeUntil > until ? BeforeUntil : until);
    }

    public DocumentChange ToChange() =>
        new(
            Kind,
            Id,
            $$"""{"version":1,"lifetime":{{(long)Lifetime.TotalSeconds}},"before":{{(long)Before.TotalSeconds}},"before_until":{{BeforeUntil.ToUnixTimeSeconds()}}}"""
        );

    private static AnnouncedCache Read(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            return new(
                TimeSpan.FromSeconds(root.GetProperty("lifetime").GetInt64()),
                TimeSpan.FromSeconds(root.GetProperty("before").GetInt64()),
                DateTimeOffset.FromUnixTimeSeconds(root.GetProperty("before_until").GetInt64())
            );
        }
        catch (Exception fault)
            when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new StoreException(Reason.StorageDamaged, "The storage does not say how long key sets may be cached in a way that can be read.");
        }
    }
}
