using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Hosting;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Hosting;

public sealed class StartTests
{
    [Fact]
    public async Task Refuses_an_address_that_somebody_else_listens_on()
    {
        await using var first = await TestServer.StartAsync();

        var refused = await Assert.ThrowsAsync<StartException>(() => TestServer.StartAsync(with: o => o with { Listen = [first.Issuer] }));

        Assert.Equal(Reason.AddressInUse, refused.Reason);
    }

    [Theory]
    [InlineData("https://as.test:8443")]
    [InlineData("http://as.test:8080")]
    [InlineData("ftp://127.0.0.1:1")]
    [InlineData("http://127.0.0.1:1/path")]
    [InlineData("127.0.0.1:1")]
    public async Task Refuses_to_listen_at_anything_but_an_address(string listen)
    {
        var refused = await Assert.ThrowsAsync<StartException>(() =>
            TestServer.StartAsync(with: o => o with { Listen = [listen], TrustedProxies = ["10.0.0.1"] })
        );

        Assert.Equal(Reason.SettingInvalid, refused.Reason);
    }

    [Fact]
    public async Task Refuses_a_data_directory_whose_socket_would_have_too_long_a_path()
    {
        var refused = await Assert.ThrowsAsync<StartException>(() =>
            TestServer.StartAsync(with: o => o with { DataDirectory = Path.Combine(Path.GetTempPath(), new string('d', 100)) })
        );

        Assert.Equal(Reason.DataDirectoryUnusable, refused.Reason);
    }

    [Theory]
    [InlineData("http://*:80", "0.0.0.0", 80)]
    [InlineData("http://[::1]:1", "::1", 1)]
    [InlineData("https://localhost:8443", null, 8443)]
    public void Reads_where_to_listen(string listen, string? address, int port)
    {
        Assert.True(ListenAddress.TryParse(listen, out var parsed));

        Assert.Equal((address, port), (parsed.Address?.ToString(), parsed.Port));
    }

    [Fact]
    public async Task Sends_the_certificates_between_its_own_and_the_root()
    {
        var directory = Directory.CreateTempSubdirectory("ostiary-tls-");
        try
        {
            var (chain, key) = (Path.Combine(directory.FullName, "chain.pem"), Path.Combine(directory.FullName, "key.pem"));
            TestCertificates.WriteChain(chain, key);
            var url = $"https://127.0.0.1:{TestServer.FreePort()}";
            await using var server = await TestServer.StartAsync(with: o => o with { Listen = [url], TlsCertFile = chain, TlsKeyFile = key });
            using var tcp = new TcpClient();
            await tcp.ConnectAsync(IPAddress.Loopback, new Uri(url).Port, TestContext.Current.CancellationToken);
            var sent = new List<string>();
            await using var tls = new SslStream(
                tcp.GetStream(),
                leaveInnerStreamOpen: false,
                (_, _, built, _) =>
                {
                    sent.AddRange(built!.ChainPolicy.ExtraStore.Select(c => c.Subject));
                    return true;
                }
            );

            await tls.AuthenticateAsClientAsync("localhost");

            Assert.Contains("CN=between", sent);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("http://0.0.0.0:0", "https://as.test", Reason.PlainHttpOffLoopback)]
    [InlineData("http://127.0.0.1:0", "https://as.test?x=1", Reason.IssuerInvalid)]
    [InlineData("http://127.0.0.1:0", "http://as.test", Reason.IssuerInvalid)]
    [InlineData("http://127.0.0.1:0", "https://as.test#x", Reason.IssuerInvalid)]
    [InlineData("http://127.0.0.1:0", "https://u@as.test", Reason.IssuerInvalid)]
    [Trait("Spec", "RFC 8414 §2"), Trait("Spec", "RFC 9700 §2.6")]
    public async Task Refuses_what_no_issuer_may_be(string listen, string issuer, Reason reason)
    {
        var refused = await Assert.ThrowsAsync<StartException>(() => TestServer.StartAsync(with: o => o with { Listen = [listen], Issuer = issuer }));

        Assert.Equal(reason, refused.Reason);
    }

    [Theory]
    [InlineData("https://id.example.com", false)]
    [InlineData("https://as.test", true)]
    [InlineData("https://op.example", true)]
    [InlineData("https://op", true)]
    [InlineData("http://127.0.0.1:1", true)]
    [InlineData("http://localhost:1", true)]
    [InlineData("https://notlocalhost.com", false)]
    [Trait("Spec", "RFC 6761 §6")]
    public void K05_the_switch_for_loopback_is_refused_where_the_issuer_is_one_of_the_world(string issuer, bool allowed)
    {
        var options = new ServerOptions
        {
            Issuer = issuer,
            Listen = ["http://127.0.0.1:0"],
            Store = "memory",
            AllowLoopbackFetch = true,
        };

        Assert.Equal(allowed, options.Validate().Count == 0);
        Assert.Empty((options with { AllowLoopbackFetch = false }).Validate());
    }

    [Fact]
    public void A_file_without_certificates_is_no_certificate_authority()
    {
        var file = Path.GetTempFileName();
        var options = new ServerOptions
        {
            Issuer = "http://127.0.0.1:1",
            Listen = ["http://127.0.0.1:0"],
            Store = "memory",
            ExtraCaFile = file,
        };
        try
        {
            Assert.Equal(Reason.CertificateUnusable, Assert.Single(options.Validate()).Reason);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
