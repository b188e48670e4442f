using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Ostiary.Server.Tests.Harness;
using Ostiary.Server.Tests.Senders;

namespace Ostiary.Server.Tests.Conformance;

/// <summary>
/// The plan with mutual TLS for both: clients authenticate by certificates of an authority, and tokens are bound to them. The modules about proofs and about
/// assertions do not apply; all others are the shared ones, over real TLS.
/// </summary>
[Trait("Plan", "fapi2-security-profile-final-test-plan")]
public sealed class Fapi2MtlsPlanTests(Fapi2MtlsServer plan) : Fapi2Modules(plan), IClassFixture<Fapi2MtlsServer>
{
    private protected override void AssertMetadata(JsonElement metadata)
    {
        Assert.True(metadata.GetProperty("tls_client_certificate_bound_access_tokens").GetBoolean());
        Assert.Contains("tls_client_auth", Supported(metadata, "token_endpoint_auth_methods_supported"));
        var aliases = metadata.GetProperty("mtls_endpoint_aliases");
        foreach (var endpoint in new[] { "token_endpoint", "pushed_authorization_request_endpoint", "userinfo_endpoint" })
            Assert.StartsWith("https://", aliases.GetProperty(endpoint).GetString(), StringComparison.Ordinal);
    }
}

/// <summary>The variant in which clients authenticate and hold their tokens by certificates.</summary>
public sealed class Fapi2MtlsServer : Fapi2PlanServer
{
    private readonly MtlsServer _mtls = new();

    public override Fapi2MtlsClient NewClient(string id, string redirectUri) => new(_mtls, id, redirectUri);

    protected override async Task<TestServer> StartAsync()
    {
        await _mtls.InitializeAsync();
        return _mtls.Server;
    }

    protected override ValueTask StopAsync() => _mtls.DisposeAsync();

    protected override string Registration(string id) =>
        $"""
            "token_endpoint_auth_method":"tls_client_auth","tls_client_auth_subject_dn":"CN={id}","tls_client_certificate_bound_access_tokens":true
            """;
}

/// <summary>Has a certificate for its name, and a new one whenever it wants.</summary>
public sealed class Fapi2MtlsClient : Fapi2Client
{
    private readonly MtlsServer _server;
    private readonly MtlsCaller _bare;
    private X509Certificate2 _certificate;
    private MtlsCaller _caller;

    internal Fapi2MtlsClient(MtlsServer server, string id, string redirectUri)
        : base(id, redirectUri)
    {
        _server = server;
        _bare = server.As(null);
        _certificate = server.Authority.Issue("CN=" + id);
        _caller = server.As(_certificate);
    }

    public override string TokenType => "Bearer";

    public override Task<Answer> PostAsync(string path, params (string Name, string Value)[] form) => PostAsync(_caller, Id, path, form);

    public override Task<Answer> PostAsAsync(string otherId, string path, params (string Name, string Value)[] form) =>
        PostAsync(_caller, otherId, path, form);

    public override Task<Answer> PostUnboundAsync(string path, params (string Name, string Value)[] form) => PostAsync(_bare, Id, path, form);

    public override Task<Answer> PostUnauthenticatedAsync(string path, params (string Name, string Value)[] form) => PostAsync(_bare, Id, path, form);

    public override Task<Answer> UserInfoAsync(string accessToken, string? scheme = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, _server.Origin + "/userinfo");
        request.Headers.Authorization = new(scheme ?? TokenType, accessToken);
        return _caller.SendAsync(request);
    }

    public override void ChangeKey()
    {
        _caller.Dispose();
        _certificate.Dispose();
        _certificate = _server.Authority.Issue("CN=" + Id);
        _caller = _server.As(_certificate);
    }

    protected override void Dispose(bool disposing)
    {
        _bare.Dispose();
        _caller.Dispose();
        _certificate.Dispose();
    }

    private static Task<Answer> PostAsync(MtlsCaller caller, string id, string path, (string Name, string Value)[] form) =>
        caller.PostAsync(path, [("client_id", id), .. form.Where(f => f.Name != "client_id")]);
}
