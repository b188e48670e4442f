using System.Collections.Concurrent;
using Ostiary.AspNetCore.Observation;

namespace Ostiary.Cli.Demo;

/// <summary>Every secret that the demo has seen, to show it only as a tag, and to look for it at the end where it must not be.</summary>
internal sealed class DemoSecrets
{
    private static readonly HashSet<string> Names = new(StringComparer.Ordinal)
    {
        "code",
        "state",
        "nonce",
        "code_verifier",
        "code_challenge",
        "client_secret",
        "access_token",
        "refresh_token",
        "id_token",
        "id_token_hint",
        "token",
        "subject_token",
        "device_code",
        "user_code",
        "verification_uri_complete",
        "DPoP",
        "password",
        "csrf",
    };

    /// <summary>Those that are worth stealing: they may be in no log, no URL of an API and no Referer. State, nonce, challenge and user code pass through URLs by design.</summary>
    private static readonly HashSet<string> Guarded = new(StringComparer.Ordinal)
    {
        "code",
        "code_verifier",
        "client_secret",
        "access_token",
        "refresh_token",
        "id_token",
        "subject_token",
        "device_code",
        "password",
    };

    private readonly ConcurrentDictionary<string, string> _seen = new(StringComparer.Ordinal);

    /// <summary>Those that are tagged, but in URLs by design.</summary>
    private readonly ConcurrentDictionary<string, string> _public = new(StringComparer.Ordinal);

    public IReadOnlyList<string> Seen => [.. _seen.Keys.Where(secret => !_public.ContainsKey(secret))];

    /// <summary>Tags a value for the libraries that show their hops, and remembers it.</summary>
    public string Tag(string secret)
    {
        if (secret.Length >= 20)
            _seen.TryAdd(secret, "");
        return SecretTag.Of(secret);
    }

    public void Remember(string secret) => _seen.TryAdd(secret, "");

    public ShownValue Show(string name, string value)
    {
        if (!Names.Contains(name))
            return new(name, value.Length <= 300 ? value : value[..300] + "…");
        if (!Guarded.Contains(name))
            _public.TryAdd(value, "");
        else if (value.Length >= 12)
            _seen.TryAdd(value, "");
        var length = value.Length >= 20 ? $" ({value.Length} characters)" : "";
        return new(name, SecretTag.Of(value) + length);
    }

    public IReadOnlyList<ShownValue> Show(IEnumerable<KeyValuePair<string, string>> values) => [.. values.Select(v => Show(v.Key, v.Value))];
}
