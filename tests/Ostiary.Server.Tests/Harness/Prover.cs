using System.Text;
using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Protocol.Dpop;
using Ostiary.Protocol.Jose;

namespace Ostiary.Server.Tests.Harness;

/// <summary>Makes DPoP proofs with a key of its own.</summary>
public sealed class Prover(IssuerUrl issuer, Func<DateTimeOffset> now)
{
    public Prover(TestServer server)
        : this(server.Server.Issuer.Url, () => server.Time.Now) { }

    public JsonWebKey Key { get; } = JsonWebKey.Generate("ES256", "dpop");

    /// <summary>What every proof of it has; null: none.</summary>
    public string? Nonce { get; set; }
    public string Thumbprint => Key.Thumbprint();

    /// <summary>A good proof, changed as stated: a value is JSON text, null leaves the claim out.</summary>
    public string Proof(string method, string path, string? accessToken = null, params (string Name, string? Json)[] changes)
    {
        var claims = new Dictionary<string, string?>
        {
            ["jti"] = $"\"{Entropy.Text(12)}\"",
            ["htm"] = $"\"{method}\"",
            ["htu"] = JsonSerializer.Serialize(issuer.At(path)),
            ["iat"] = $"{now().ToUnixTimeSeconds()}",
            ["nonce"] = Nonce is null ? null : $"\"{Nonce}\"",
            ["ath"] = accessToken is null ? null : $"\"{DpopProof.HashOf(accessToken)}\"",
        };
        foreach (var (name, json) in changes)
            claims[name] = json;
        var text = "{" + string.Join(',', claims.Where(c => c.Value is not null).Select(c => $"\"{c.Key}\":{c.Value}")) + "}";
        using var signer = JwsSigner.CreateWithEmbeddedKey(Key, "ES256");
        return signer.Sign(DpopProof.Type, Encoding.UTF8.GetBytes(text));
    }
}
