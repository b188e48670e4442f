using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Senders;

/// <summary>Tokens that are worth nothing without the certificate that they were issued to.</summary>
public sealed class CertificateBoundTokenTests(MtlsServer mtls) : IClassFixture<MtlsServer>
{
    private const string Bound = "\"tls_client_certificate_bound_access_tokens\":true";
    private const HttpStatusCode Unauthorized = HttpStatusCode.Unauthorized;

    private TestServer Server => mtls.Server;

    /// <summary>A public client that signs alice in; its tokens are bound.</summary>
    private async Task<string> CodeAsync(string id, string scope = "openid offline_access")
    {
        await Server.AddClientAsync(
            $$"""{"client_id":"{{id}}","type":"native","redirect_uris":["http://127.0.0.1/cb"],"consent":"none","scope":"openid offline_access read",{{Bound}}}"""
        );
        using var browser = Server.NewBrowser();
        var redirect = await browser.AuthorizeAsync(Ask.Query(id, ("redirect_uri", "http://127.0.0.1:5/cb"), ("scope", scope)));
        return Browser.QueryOf(redirect)["code"]!;
    }

    private static (string, string)[] Redemption(string id, string code) =>
        SharedServer.Redemption(code, ("redirect_uri", "http://127.0.0.1:5/cb"), ("client_id", id));

    [Theory, Trait("Spec", "RFC 8705 §3"), Trait("Spec", "RFC 8705 §3.1"), Trait("Spec", "RFC 8705 §3.2"), Trait("Spec", "RFC 8705 §3.4")]
    [InlineData("jwt")]
    [InlineData("opaque")]
    public async Task The_token_says_which_certificate_and_so_does_introspection(string format)
    {
        var (api, scope) = ($"https://{format}.example", "x-" + format);
        await Server.AddApiAsync(
            $$"""{"identifier":"{{api}}","token_format":"{{format}}","scopes":[{"name":"{{scope}}","description":"X"}],"resource_server_clients":["rs"]}"""
        );
        await Server.AddClientAsync(
            $$"""{"client_id":"b-{{format}}","type":"service","scope":"{{scope}}","token_endpoint_auth_method":"client_secret_post",{{Bound}}}""",
            TestServer.WebSecret
        );
        using var certificate = mtls.Authority.Issue("CN=any");
        using var caller = mtls.As(certificate);
        using var rs = new TokenClient(Server, "rs");
        (string, string)[] ask = [("client_secret", TestServer.WebSecret), ("scope", scope)];

        var answer = await caller.TokenAsync("b-" + format, ask);

        Assert.Equal((HttpStatusCode.OK, "Bearer"), (answer.Status, answer["token_type"]));
        var told = await rs.PostAsync("/introspect", ("token", answer["access_token"]!));
        Assert.Equal(("True", "Bearer"), (told["active"], told["token_type"]));
        Assert.Equal(MtlsServer.Thumbprint(certificate), told.Json.GetProperty("cnf").GetProperty("x5t#S256").GetString());
        if (format == "jwt")
            Assert.Contains(
                $"\"cnf\":{{\"x5t#S256\":\"{MtlsServer.Thumbprint(certificate)}\"}}",
                Forge.Part(answer["access_token"]!, 1),
                StringComparison.Ordinal
            );
        using var bare = mtls.As(null);
        (await bare.TokenAsync("b-" + format, ask)).ShouldBeRefused("invalid_request", "OST2117");
        Assert.True(await Server.RefusedWithAsync(Reason.SenderCertificateMissing));
        Assert.True(
            (await Server.AdministerAsync("GET", "/clients/b-" + format)).GetProperty("tls_client_certificate_bound_access_tokens").GetBoolean()
        );
    }

    [Fact, Trait("Spec", "RFC 8705 §3")]
    public async Task F21_userinfo_takes_a_bound_token_over_a_connection_of_its_certificate_alone()
    {
        using var certificate = Pki.SelfSigned();
        using var holder = mtls.As(certificate);
        using var thief = mtls.As(Pki.SelfSigned());
        using var bare = mtls.As(null);
        var token = (await holder.PostAsync("/token", Redemption("pub-1", await CodeAsync("pub-1"))))["access_token"]!;

        Assert.Equal(HttpStatusCode.OK, (await holder.UserInfoAsync(token)).Status);
        foreach (var other in new[] { thief, bare })
        {
            var refused = await other.UserInfoAsync(token);
            refused.ShouldBeRefused("invalid_token", "OST2116", Unauthorized);
            Assert.StartsWith("Bearer ", refused.Response.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        }
        using var plain = new TokenClient(Server, "m2m");
        (await plain.UserInfoAsync(token)).ShouldBeRefused("invalid_token", "OST2116", Unauthorized); // The main listener asks nobody.
        bare.Headers.Add("Client-Cert", $":{Convert.ToBase64String(certificate.RawData)}:"); // The header of no proxy. C26
        (await bare.UserInfoAsync(token)).ShouldBeRefused("invalid_token", "OST2116", Unauthorized);
        (await plain.UserInfoAsync(token, new Prover(Server).Proof("GET", "/userinfo", token))).ShouldBeRefused(
            "invalid_token",
            "OST2115",
            Unauthorized
        );
    }

    [Fact, Trait("Spec", "RFC 8705 §4")]
    public async Task D21_a_refresh_token_of_a_public_client_is_bound_and_does_not_rotate()
    {
        using var holder = mtls.As(Pki.SelfSigned());
        using var thief = mtls.As(Pki.SelfSigned());
        using var bare = mtls.As(null);
        var tokens = await holder.PostAsync("/token", Redemption("pub-2", await CodeAsync("pub-2")));
        (string, string)[] refresh = [("client_id", "pub-2"), ("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"]!)];

        (await thief.PostAsync("/token", refresh)).ShouldBeRefused("invalid_grant", "OST2113");
        (await bare.PostAsync("/token", refresh)).ShouldBeRefused("invalid_request", "OST2117");
        var again = await holder.PostAsync("/token", refresh);

        Assert.Equal((HttpStatusCode.OK, tokens["refresh_token"]), (again.Status, again["refresh_token"]));
        Assert.Equal(HttpStatusCode.OK, (await holder.UserInfoAsync(again["access_token"]!)).Status);
    }

    [Fact, Trait("Spec", "RFC 8705 §3"), Trait("Spec", "RFC 9700 §2.2.1"), Trait("Spec", "RFC 9728 §2")]
    public async Task An_API_whose_tokens_are_bound_to_certificates_gets_no_other()
    {
        await Server.AddApiAsync(
            """{"identifier":"https://certs.example","require_certificate":true,"scopes":[{"name":"certs","description":"C"}]}"""
        );
        await Server.AddApiAsync(
            """{"identifier":"https://either.example","require_certificate":true,"require_dpop":true,"scopes":[{"name":"either","description":"E"}]}"""
        );
        await Server.AddClientAsync(
            """{"client_id":"wide","type":"service","scope":"certs either read","token_endpoint_auth_method":"client_secret_post"}""",
            TestServer.WebSecret
        );
        using var certificate = Pki.SelfSigned();
        using var caller = mtls.As(certificate);
        using var bare = mtls.As(null);
        Task<Answer> AskAsync(MtlsCaller by, string scope) => by.TokenAsync("wide", ("client_secret", TestServer.WebSecret), ("scope", scope));

        foreach (var scope in new[] { "certs", "either" })
        {
            (await AskAsync(bare, scope)).ShouldBeRefused("invalid_request", "OST2117");
            var bound = await AskAsync(caller, scope);
            Assert.Contains(MtlsServer.Thumbprint(certificate), Forge.Part(bound["access_token"]!, 1), StringComparison.Ordinal);
        }
        Assert.DoesNotContain("cnf", Forge.Part((await AskAsync(caller, "read"))["access_token"]!, 1), StringComparison.Ordinal);
        bare.Headers.Add("DPoP", new Prover(Server).Proof("POST", "/token"));
        Assert.Equal("DPoP", (await AskAsync(bare, "either"))["token_type"]);
        var shown = await Server.AdministerAsync("GET", "/apis/" + Uri.EscapeDataString("https://certs.example"));
        Assert.True(shown.GetProperty("require_certificate").GetBoolean());
        using var http = Server.NewHttp();
        foreach (var host in new[] { "certs.example", "either.example" })
        {
            var metadata = await http.GetStringAsync("/.well-known/oauth-protected-resource/" + host, TestContext.Current.CancellationToken);
            Assert.Contains("\"tls_client_certificate_bound_access_tokens\":true", metadata, StringComparison.Ordinal);
            Assert.DoesNotContain("dpop_bound", metadata, StringComparison.Ordinal);
        }
    }

    [Fact, Trait("Spec", "RFC 8705 §5"), Trait("Spec", "RFC 8705 §3.3"), Trait("Spec", "RFC 8705 §2.1.1"), Trait("Spec", "RFC 8705 §2.2.1")]
    public async Task J25_the_metadata_name_the_endpoints_of_the_other_listener()
    {
        using var http = Server.NewHttp();
        using var json = JsonDocument.Parse(await http.GetStringAsync("/.well-known/openid-configuration", TestContext.Current.CancellationToken));
        var metadata = json.RootElement;

        Assert.True(metadata.GetProperty("tls_client_certificate_bound_access_tokens").GetBoolean());
        var aliases = metadata.GetProperty("mtls_endpoint_aliases").EnumerateObject().ToList();
        Assert.Equal(6, aliases.Count);
        foreach (var alias in aliases)
        {
            var path = new Uri(metadata.GetProperty(alias.Name).GetString()!).AbsolutePath;
            Assert.Equal(mtls.Origin + path, alias.Value.GetString());
        }
        foreach (var list in new[] { "token_endpoint_auth_methods_supported", "introspection_endpoint_auth_methods_supported" })
        {
            var methods = metadata.GetProperty(list).EnumerateArray().Select(m => m.GetString());
            Assert.Superset(new HashSet<string?> { "tls_client_auth", "self_signed_tls_client_auth" }, methods.ToHashSet());
        }
        await using var without = await TestServer.StartAsync();
        using var other = without.NewHttp();
        var plain = await other.GetStringAsync("/.well-known/openid-configuration", TestContext.Current.CancellationToken);
        Assert.DoesNotContain("tls_client", plain, StringComparison.Ordinal);
        Assert.DoesNotContain("mtls", plain, StringComparison.Ordinal);
    }

    [Fact, Trait("Spec", "RFC 8705 §3")]
    public async Task A_bound_token_administers_over_a_connection_of_its_certificate_alone()
    {
        await Server.AddClientAsync(
            $$"""{"client_id":"op","type":"service","scope":"ostiary:admin","token_endpoint_auth_method":"client_secret_post",{{Bound}}}""",
            TestServer.WebSecret
        );
        using var holder = mtls.As(Pki.SelfSigned());
        using var thief = mtls.As(Pki.SelfSigned());
        var token = (await holder.TokenAsync("op", ("client_secret", TestServer.WebSecret), ("scope", "ostiary:admin")))["access_token"]!;
        Task<Answer> AskAsync(MtlsCaller by)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, mtls.Origin + "/admin/api/v1/clients/web");
            request.Headers.Authorization = new("Bearer", token);
            return by.SendAsync(request);
        }

        Assert.Equal(HttpStatusCode.OK, (await AskAsync(holder)).Status);
        Assert.Equal(Unauthorized, (await AskAsync(thief)).Status);
    }

    [Fact, Trait("Spec", "RFC 8693 §5"), Trait("Spec", "RFC 8705 §3")]
    public async Task F19_a_bound_token_is_exchanged_over_a_connection_of_its_certificate_alone_and_stays_bound()
    {
        const string exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
        await Server.AddClientAsync(
            $$"""{"client_id":"from","type":"service","scope":"read","token_endpoint_auth_method":"client_secret_post",{{Bound}}}""",
            TestServer.WebSecret
        );
        await Server.AddClientAsync(
            $$"""{"client_id":"to","type":"service","scope":"read","token_endpoint_auth_method":"client_secret_post","grant_types":["client_credentials","{{exchange}}"],"token_exchange":[{"from":["from"],"audiences":["https://api.example"],"scope":"read"}]}""",
            TestServer.WebSecret
        );
        using var certificate = Pki.SelfSigned();
        using var holder = mtls.As(certificate);
        using var thief = mtls.As(Pki.SelfSigned());
        var token = (await holder.TokenAsync("from", ("client_secret", TestServer.WebSecret), ("scope", "read")))["access_token"]!;
        (string, string)[] ask =
        [
            ("client_id", "to"),
            ("client_secret", TestServer.WebSecret),
            ("grant_type", exchange),
            ("subject_token", token),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("audience", "https://api.example"),
        ];

        (await thief.PostAsync("/token", ask)).ShouldBeRefused("invalid_grant", "OST2113");
        var given = await holder.PostAsync("/token", ask);

        Assert.Equal(HttpStatusCode.OK, given.Status);
        Assert.Contains(MtlsServer.Thumbprint(certificate), Forge.Part(given["access_token"]!, 1), StringComparison.Ordinal);
    }

    [Fact, Trait("Spec", "RFC 8705 §5")]
    public async Task A_proof_may_name_the_endpoint_by_either_address()
    {
        await mtls.AddAsync("both", "tls_client_auth", "\"tls_client_auth_subject_dn\":\"CN=both\"");
        var prover = new Prover(Server);
        using var caller = mtls.As(mtls.Authority.Issue("CN=both"));
        caller.Headers.Add("DPoP", prover.Proof("POST", "/token", null, ("htu", $"\"{mtls.Origin}/token\"")));

        Assert.Equal("DPoP", (await caller.TokenAsync("both"))["token_type"]);
    }

    [Fact]
    public async Task M18_the_main_listener_asks_nobody_for_a_certificate()
    {
        var origin = $"https://127.0.0.1:{TestServer.FreePort()}";
        await using var own = new MtlsServer { With = options => options with { Issuer = origin, Listen = [origin] } };
        await own.InitializeAsync();
        Assert.False(await IsAskedAsync(origin));
        Assert.True(await IsAskedAsync(own.Origin));
    }

    private static async Task<bool> IsAskedAsync(string origin)
    {
        var uri = new Uri(origin);
        using var certificate = Pki.SelfSigned();
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(uri.Host, uri.Port, TestContext.Current.CancellationToken);
        await using var tls = new SslStream(tcp.GetStream());
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                RemoteCertificateValidationCallback = (_, presented, _, _) => presented is not null,
                ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
            },
            TestContext.Current.CancellationToken
        );
        return tls.IsMutuallyAuthenticated;
    }
}
