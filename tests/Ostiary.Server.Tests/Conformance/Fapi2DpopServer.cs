using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Clients;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Conformance;

/// <summary>The variant in which clients authenticate by <c>private_key_jwt</c> and tokens are bound by DPoP.</summary>
public sealed class Fapi2DpopServer : Fapi2PlanServer
{
    private readonly ConcurrentDictionary<string, (JsonWebKey Key, JsonWebKey Rsa)> _keys = [];

    public override Fapi2DpopClient NewClient(string id, string redirectUri) => new(Server, id, redirectUri, KeysOf(id));

    protected override string Registration(string id)
    {
        var (key, rsa) = KeysOf(id);
        var keys = string.Join(',', new[] { key, rsa }.Select(k => Encoding.UTF8.GetString(k.ToPublicUtf8())));
        return $$"""
            "token_endpoint_auth_method":"private_key_jwt","jwks":{"keys":[{{keys}}]}
            """;
    }

    private (JsonWebKey Key, JsonWebKey Rsa) KeysOf(string id) =>
        _keys.GetOrAdd(id, name => (JsonWebKey.Generate("ES256", name), JsonWebKey.Generate("RS256", name + "-rsa")));
}

/// <summary>Signs its assertions by ES256; it has an RSA key too, for what the profile forbids.</summary>
public sealed class Fapi2DpopClient(TestServer server, string id, string redirectUri, (JsonWebKey Key, JsonWebKey Rsa) keys)
    : Fapi2Client(id, redirectUri)
{
    private readonly TokenClient _http = new(server, id, secret: null);

    public Prover Prover { get; private set; } = new(server);
    public override string TokenType => "DPoP";

    public override Task<Answer> PostAsync(string path, params (string Name, string Value)[] form) =>
        SendAsync(path, Assertion(), Prover.Proof("POST", path), form);

    public override Task<Answer> PostAsAsync(string otherId, string path, params (string Name, string Value)[] form) =>
        SendAsync(path, Assertion(("iss", Text(otherId)), ("sub", Text(otherId))), Prover.Proof("POST", path), [.. form, ("client_id", otherId)]);

    public override Task<Answer> PostUnboundAsync(string path, params (string Name, string Value)[] form) => SendAsync(path, Assertion(), null, form);

    public override Task<Answer> PostUnauthenticatedAsync(string path, params (string Name, string Value)[] form) =>
        SendAsync(path, null, Prover.Proof("POST", path), form);

    public override Task<Answer> UserInfoAsync(string accessToken, string? scheme = null) =>
        _http.UserInfoAsync(accessToken, Prover.Proof("GET", "/userinfo", accessToken), scheme ?? TokenType);

    public override void ChangeKey() => Prover = new(server);

    /// <summary>A good assertion, changed as stated: a value is JSON text, null leaves the claim out.</summary>
    public string Assertion(params (string Name, string? Json)[] changes) => Forge.Signed(keys.Key, "ES256", "JWT", Claims(changes));

    /// <summary>Good, but signed by an algorithm that the profile does not permit.</summary>
    public string RsaAssertion() => Forge.Signed(keys.Rsa, "RS256", "JWT", Claims([]));

    public Task<Answer> SendAsync(string path, string? assertion, string? proof, params (string Name, string Value)[] form) =>
        SendWithAsync(path, assertion, proof is null ? [] : [("DPoP", proof)], form);

    /// <summary>With headers as they are given, be they repeated.</summary>
    public Task<Answer> SendWithAsync(
        string path,
        string? assertion,
        (string Name, string Value)[] headers,
        params (string Name, string Value)[] form
    )
    {
        var fields = form.Select(f => KeyValuePair.Create(f.Name, f.Value)).ToList();
        if (fields.TrueForAll(f => f.Key != "client_id"))
            fields.Add(new("client_id", Id));
        if (assertion is not null)
        {
            fields.Add(new("client_assertion_type", ClientAuthentication.AssertionType));
            fields.Add(new("client_assertion", assertion));
        }
        var request = new HttpRequestMessage(HttpMethod.Post, server.House.Url.At(path)) { Content = new FormUrlEncodedContent(fields) };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return _http.SendAsync(request);
    }

    /// <summary>A call of the resource with headers as they are given.</summary>
    public Task<Answer> CallAsync(string accessToken, string scheme, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, server.House.Url.At("/userinfo"));
        request.Headers.Authorization = new(scheme, accessToken);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return _http.SendAsync(request);
    }

    protected override void Dispose(bool disposing) => _http.Dispose();

    private string Claims((string Name, string? Json)[] changes) => Forge.AssertionClaims(server, [("iss", Text(Id)), ("sub", Text(Id)), .. changes]);

    private static string Text(string value) => JsonSerializer.Serialize(value);
}
