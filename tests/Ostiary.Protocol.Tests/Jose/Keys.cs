using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ostiary.Protocol.Jose;

namespace Ostiary.Protocol.Tests.Jose;

/// <summary>Keys made once per run, and short ways to write tokens that our own signer would never write.</summary>
internal static class Keys
{
    private static readonly ConcurrentDictionary<string, JsonWebKey> Made = new();

    public static JsonWebKey Of(string alg) => Made.GetOrAdd(alg, static name => JsonWebKey.Generate(name, "k-" + name));

    public static JwsPolicy Policy(string alg, string typ) => new() { Algorithms = [alg], Types = [typ] };

    public static JwsPolicy Any { get; } = new() { Algorithms = JwsPolicy.AllAlgorithms, Types = [JwsPolicy.AnyType] };

    public static string HeaderOf(string token)
    {
        Assert.True(Base64UrlText.TryDecode(token.AsSpan(0, token.IndexOf('.', StringComparison.Ordinal)), out var bytes));
        return Encoding.UTF8.GetString(bytes);
    }

    public static string Encode(string text) => Base64UrlText.Encode(Encoding.UTF8.GetBytes(text));

    public static JsonWebKey Parse(string json)
    {
        Assert.True(JsonWebKey.TryParse(Encoding.UTF8.GetBytes(json), out var key, out var fault), fault.ToString());
        return key;
    }

    public static JoseFault FaultOf(string json)
    {
        Assert.False(JsonWebKey.TryParse(Encoding.UTF8.GetBytes(json), out var key, out var fault));
        Assert.Null(key);
        Assert.NotEqual(JoseFault.None, fault);
        return fault;
    }

    public static JsonObject ObjectOf(JsonWebKey key, bool withPrivate = false) =>
        JsonNode.Parse(withPrivate ? key.ToPrivateUtf8() : key.ToPublicUtf8())!.AsObject();

    /// <summary>A token with this very header, signed by the rules of <paramref name="alg"/>.</summary>
    public static string Forge(string header, string payload, JsonWebKey key, string alg)
    {
        var input = Encode(header) + "." + Encode(payload);
        return input + "." + Base64UrlText.Encode(RawSignature(key, alg, Encoding.ASCII.GetBytes(input)));
    }

    public static byte[] RawSignature(JsonWebKey key, string alg, byte[] input)
    {
        Assert.True(JwsAlgorithm.TryFind(alg, out var algorithm));
        return algorithm.Kty switch
        {
            "EC" => key.Ec!.Signature.SignData(input, algorithm.Hash),
            "RSA" => key.Rsa!.Cipher.SignData(input, algorithm.Hash, algorithm.Padding!),
            _ => System.Security.Cryptography.CryptographicOperations.HmacData(algorithm.Hash, key.Secret, input),
        };
    }

    public static JoseFault Refusal(string token, JsonWebKey key, JwsPolicy? policy = null)
    {
        Assert.False(Jws.TryVerify(token, key, policy ?? Any, out var jws, out var fault));
        Assert.Null(jws);
        Assert.NotEqual(JoseFault.None, fault);
        return fault;
    }

    public static JoseFault Refusal(string token, JsonWebKeySet keys, JwsPolicy? policy = null)
    {
        Assert.False(Jws.TryVerify(token, keys, policy ?? Any, out var jws, out var fault));
        Assert.Null(jws);
        Assert.NotEqual(JoseFault.None, fault);
        return fault;
    }

    public static JsonDocument Vectors(string name) =>
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Jose", "vectors", name)));
}
