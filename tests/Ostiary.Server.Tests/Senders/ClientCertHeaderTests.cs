using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Senders;

/// <summary>Certificates that a proxy passes on. The tests are the proxy, from loopback.</summary>
public sealed class ClientCertHeaderTests
{
    private const HttpStatusCode Unauthorized = HttpStatusCode.Unauthorized;

    private static async Task<MtlsServer> StartAsync(string proxy = "127.0.0.1", bool passes = true)
    {
        var server = new MtlsServer
        {
            With = options => options with { TrustedProxies = [proxy], MutualTls = options.MutualTls with { FromProxy = passes } },
        };
        await server.InitializeAsync();
        await server.AddAsync("pki", "tls_client_auth", "\"tls_client_auth_subject_dn\":\"CN=bank\"");
        return server;
    }

    private static string Field(X509Certificate2 certificate) => $":{Convert.ToBase64String(certificate.RawData)}:";

    private static Task<Answer> ThroughProxyAsync(MtlsServer server, params (string Name, string Value)[] headers) =>
        ThroughProxyAsync(server, "pki", headers);

    private static async Task<Answer> ThroughProxyAsync(MtlsServer server, string id, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, server.Server.Issuer + "/token");
        request.Content = new FormUrlEncodedContent([new("client_id", id), new("grant_type", "client_credentials")]);
        request.Headers.Add("X-Forwarded-Proto", "https");
        request.Headers.Add("X-Forwarded-For", "203.0.113.7");
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var client = new TokenClient(server.Server, "m2m");
        return await client.SendAsync(request);
    }

    [Fact, Trait("Spec", "RFC 9440 §2"), Trait("Spec", "RFC 9440 §2.2"), Trait("Spec", "RFC 9440 §2.3")]
    public async Task A_certificate_from_the_proxy_authenticates_like_one_from_the_connection()
    {
        await using var server = await StartAsync();
        using var between = new Pki("CN=Between", server.Authority);

        Assert.Equal(HttpStatusCode.OK, (await ThroughProxyAsync(server, ("Client-Cert", Field(server.Authority.Issue("CN=bank"))))).Status);
        var deep = Field(between.Issue("CN=bank"));
        (await ThroughProxyAsync(server, ("Client-Cert", deep))).ShouldBeRefused("invalid_client", "OST3032", Unauthorized);
        var whole = await ThroughProxyAsync(
            server,
            ("Client-Cert", deep),
            ("Client-Cert-Chain", Field(between.Certificate) + ", " + Field(server.Authority.Certificate))
        );
        Assert.Equal(HttpStatusCode.OK, whole.Status);
        (await ThroughProxyAsync(server, ("Client-Cert", Field(server.Stranger.Issue("CN=bank"))))).ShouldBeRefused(
            "invalid_client",
            "OST3032",
            Unauthorized
        );
        (await ThroughProxyAsync(server)).ShouldBeRefused("invalid_client", "OST3031", Unauthorized);
    }

    [Fact, Trait("Spec", "RFC 9440 §2.2"), Trait("Spec", "RFC 9651 §3.3.5")]
    public async Task A_header_that_is_not_one_certificate_is_refused_as_that()
    {
        await using var server = await StartAsync();
        using var certificate = server.Authority.Issue("CN=bank");
        var good = Field(certificate);
        var bad = new[]
        {
            "",
            "::",
            "bank",
            Convert.ToBase64String(certificate.RawData),
            good + ";q=1",
            good[..^1],
            ":" + Convert.ToBase64String(certificate.RawData[..^1]) + ":",
            ":" + Convert.ToBase64String([.. certificate.RawData, 0]) + ":",
            ":" + Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(certificate.ExportCertificatePem())) + ":",
            Uri.EscapeDataString(certificate.ExportCertificatePem()),
            good + "," + good,
        };
        foreach (var value in bad)
            (await ThroughProxyAsync(server, ("Client-Cert", value))).ShouldBeRefused("invalid_request", "OST3030");
        (await ThroughProxyAsync(server, ("Client-Cert", good), ("Client-Cert-Chain", "x"))).ShouldBeRefused("invalid_request", "OST3030");
        (await ThroughProxyAsync(server, ("Client-Cert-Chain", good))).ShouldBeRefused("invalid_request", "OST3030");
        Assert.Equal(HttpStatusCode.OK, (await ThroughProxyAsync(server, ("Client-Cert", good))).Status);
    }

    [Fact, Trait("Spec", "RFC 9440 §4")]
    public async Task C26_the_header_counts_from_a_proxy_that_passes_certificates_on_and_from_nobody_else()
    {
        await using var foreign = await StartAsync("192.0.2.1"); // The request comes from another address.
        await using var plain = await StartAsync(passes: false); // The proxy knows nothing of the header, so anybody may have written it.
        await using var server = await StartAsync();

        foreach (var name in new[] { "Client-Cert", "X-Client-Cert", "X-SSL-Cert", "X-Forwarded-Client-Cert", "Ssl-Client-Cert" })
        foreach (var each in new[] { foreign, plain })
        {
            using var certificate = each.Authority.Issue("CN=bank");
            (await ThroughProxyAsync(each, (name, Field(certificate)))).ShouldBeRefused("invalid_client", "OST3031", Unauthorized);
        }
        using var direct = server.As(null); // Past the proxy, at the listener for certificates.
        using var shown = server.Authority.Issue("CN=bank");
        direct.Headers.Add("Client-Cert", Field(shown));
        (await direct.TokenAsync("pki")).ShouldBeRefused("invalid_client", "OST3031", Unauthorized);
    }

    [Fact, Trait("Spec", "RFC 9440 §4")]
    public async Task The_certificate_of_the_proxy_itself_is_never_that_of_its_client()
    {
        await using var server = await StartAsync();
        using var proxy = server.As(server.Authority.Issue("CN=bank"));
        proxy.Headers.Add("X-Forwarded-Proto", "https");

        (await proxy.TokenAsync("pki")).ShouldBeRefused("invalid_client", "OST3031", Unauthorized);
        using var other = server.Stranger.Issue("CN=bank");
        proxy.Headers.Add("Client-Cert", Field(other));
        (await proxy.TokenAsync("pki")).ShouldBeRefused("invalid_client", "OST3032", Unauthorized);
    }

    [Theory, Trait("Spec", "RFC 9440 §4")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nor_is_it_where_the_proxy_does_not_say_by_what_its_client_came(bool passes)
    {
        await using var server = await StartAsync(passes: passes);
        using var certificate = server.Authority.Issue("CN=bank");
        using var proxy = server.As(certificate);
        proxy.Headers.Add("X-Forwarded-For", "203.0.113.7");

        (await proxy.TokenAsync("pki")).ShouldBeRefused("invalid_client", "OST3031", Unauthorized);
        proxy.Headers.Remove("X-Forwarded-For");
        proxy.Headers.Add("Client-Cert", Field(certificate));
        if (passes)
            (await proxy.TokenAsync("pki")).ShouldBeRefused("invalid_client", "OST3031", Unauthorized);
    }

    [Fact, Trait("Spec", "RFC 9440 §2.2"), Trait("Spec", "RFC 5280 §6.1")]
    public async Task A_certificate_whose_parts_cannot_be_read_is_refused_as_that_of_nobody()
    {
        await using var server = await StartAsync();
        using var registered = Pki.SelfSigned();
        await server.AddAsync("self", "self_signed_tls_client_auth", "\"jwks\":" + MtlsServer.Jwks(registered));
        using var named = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var numbers = named.ExportExplicitParameters(includePrivateParameters: false);
        numbers.Curve.G = numbers.Q;
        using var spelled = ECDsa.Create(numbers);
        foreach (var key in new[] { named, spelled })
        foreach (var oid in new[] { "2.5.29.37", "2.5.29.32", "2.5.29.36", "2.5.29.54", "2.5.29.33", "2.5.29.19", "2.5.29.15", "2.5.29.30" })
        foreach (var octets in new byte[][] { [], [0x05, 0x00], [0x30, 0x7f] })
        {
            var request = new CertificateRequest(
                new("CN=other"),
                PublicKey.CreateFromSubjectPublicKeyInfo(key.ExportSubjectPublicKeyInfo(), out _),
                HashAlgorithmName.SHA256
            );
            request.CertificateExtensions.Add(new X509Extension(oid, octets, critical: false));
            var from = server.Server.Time.Now.AddDays(-1);
            using var own = request.Create(new("CN=other"), X509SignatureGenerator.CreateForECDsa(named), from, from.AddDays(9), [1]);
            using var issued = server.Authority.Sign(request);
            foreach (var certificate in new[] { own, issued })
            foreach (var id in new[] { "pki", "self" })
                Assert.Equal(Unauthorized, (await ThroughProxyAsync(server, id, ("Client-Cert", Field(certificate)))).Status);
        }
    }

    [Fact, Trait("Spec", "RFC 8705 §5")]
    public async Task Behind_a_proxy_the_metadata_name_the_address_that_it_has_for_them()
    {
        await using var server = new MtlsServer
        {
            With = options =>
                options with
                {
                    TrustedProxies = ["127.0.0.1"],
                    MutualTls = new() { FromProxy = true, Url = "https://mtls.id.test" },
                },
        };
        await server.InitializeAsync();
        using var http = server.Server.NewHttp();

        var metadata = await http.GetStringAsync("/.well-known/openid-configuration", TestContext.Current.CancellationToken);

        Assert.Contains("\"token_endpoint\":\"https://mtls.id.test/token\"", metadata, StringComparison.Ordinal);
        Assert.DoesNotContain("\"tls_client_auth\"", metadata, StringComparison.Ordinal); // No authority is trusted.
        Assert.Contains("\"self_signed_tls_client_auth\"", metadata, StringComparison.Ordinal);
    }
}
