using System.Net;
using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Hosting;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Hosting;

/// <summary>What a server is told about certificates of clients: all of it holds, or it does not start.</summary>
public sealed class MutualTlsStartTests
{
    private static List<SettingFault> Faults(MutualTlsOptions mutualTls, Func<ServerOptions, ServerOptions>? with = null)
    {
        var options = new ServerOptions
        {
            Issuer = "https://id.test",
            Listen = ["http://127.0.0.1:1"],
            Store = "memory",
            MutualTls = mutualTls,
        };
        return [.. (with?.Invoke(options) ?? options).Validate()];
    }

    private static ServerOptions WithCertificate(ServerOptions options)
    {
        var any = typeof(MutualTlsStartTests).Assembly.Location; // There; what is in it is read at the start.
        return options with { TlsCertFile = any, TlsKeyFile = any };
    }

    [Theory, Trait("Spec", "RFC 8705 §5")]
    [InlineData("http://127.0.0.1:8443", "https URL")]
    [InlineData("https://id.test:8443", "https URL")]
    [InlineData("https://127.0.0.1:0", "no port")]
    public void Refuses_a_listener_that_nobody_could_use(string listen, string says)
    {
        var fault = Assert.Single(Faults(new() { Listen = [listen] }, WithCertificate));

        Assert.Equal((Reason.SettingInvalid, "--mtls-listen"), (fault.Reason, fault.Setting));
        Assert.Contains(says, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void N24_refuses_a_listener_without_a_certificate_and_authorities_that_cannot_be_read()
    {
        Assert.Equal(Reason.CertificateUnusable, Assert.Single(Faults(new() { Listen = ["https://127.0.0.1:8443"] })).Reason);
        foreach (var file in new[] { "/nowhere/ca.pem", typeof(MutualTlsStartTests).Assembly.Location })
        {
            var fault = Assert.Single(Faults(new() { Listen = ["https://127.0.0.1:8443"], AuthorityFiles = [file] }, WithCertificate));
            Assert.Equal((Reason.CertificateUnusable, "--client-ca"), (fault.Reason, fault.Setting));
        }
    }

    [Fact, Trait("Spec", "RFC 9440 §4")]
    public void Refuses_a_header_that_no_proxy_could_send()
    {
        Assert.Equal("--client-cert-header", Assert.Single(Faults(new() { FromProxy = true })).Setting);
        Assert.Empty(Faults(new() { FromProxy = true }, o => o with { TrustedProxies = ["10.0.0.5"] }));
    }

    [Theory]
    [InlineData("http://mtls.id.test")]
    [InlineData("https://mtls.id.test/x")]
    [InlineData("mtls.id.test")]
    public void Refuses_an_address_that_is_no_origin(string url) => Assert.Equal("--mtls-url", Assert.Single(Faults(new() { Url = url })).Setting);

    [Fact]
    public void Issuers_that_differ_in_their_host_keep_their_own()
    {
        var mutualTls = new MutualTlsOptions { Listen = ["https://0.0.0.0:8443"] };
        ServerOptions Two(ServerOptions o) => WithCertificate(o) with { MoreIssuers = ["https://other.test"] };

        Assert.Equal("--mtls-url", Assert.Single(Faults(mutualTls with { Url = "https://mtls.id.test" }, Two)).Setting);
        Assert.Empty(Faults(mutualTls, Two));
        Assert.True(IssuerUrl.TryParse("https://other.test/x", out var url));
        Assert.Equal("https://other.test:8443/x/token", mutualTls.Of(url).At(url, "/token"));
        Assert.Equal("https://m.test/x/token", (mutualTls with { Url = "https://m.test/" }).Of(url).At(url, "/token"));
        Assert.Null(new MutualTlsOptions().Of(url).At(url, "/token"));
    }

    [Fact, Trait("Spec", "RFC 8705 §5"), Trait("Spec", "RFC 9110 §15.5.20")]
    public async Task Among_issuers_of_several_hosts_the_address_for_certificates_leads_to_its_own()
    {
        await using var one = await TestServer.StartAsync(with: o =>
            o with
            {
                Issuer = "https://one.test",
                MoreIssuers = ["https://two.test/t"],
                TrustedProxies = ["127.0.0.1"],
                MutualTls = new() { FromProxy = true, Url = "https://mtls.test" },
            }
        );
        async Task<(HttpStatusCode Status, string Issuer)> AskAsync(string host, string path)
        {
            using var http = new HttpClient();
            using var request = new HttpRequestMessage(HttpMethod.Get, one.Server.Addresses[0] + path + "/.well-known/openid-configuration");
            request.Headers.Host = host;
            request.Headers.Add("X-Forwarded-Proto", "https");
            using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
            using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            return (answer.StatusCode, json.RootElement.TryGetProperty("issuer", out var issuer) ? issuer.GetString()! : "");
        }

        Assert.Equal((HttpStatusCode.OK, "https://one.test"), await AskAsync("mtls.test", ""));
        Assert.Equal((HttpStatusCode.OK, "https://two.test/t"), await AskAsync("mtls.test", "/t"));
        Assert.Equal((HttpStatusCode.OK, "https://one.test"), await AskAsync("one.test", ""));
        Assert.Equal((HttpStatusCode.MisdirectedRequest, ""), await AskAsync("evil.test", ""));
    }
}
