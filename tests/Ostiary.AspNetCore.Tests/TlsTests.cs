using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Ostiary.AspNetCore.Issuers;

namespace Ostiary.AspNetCore.Tests;

public sealed class TlsTests
{
    private static readonly DateTimeOffset Today = TimeProvider.System.GetUtcNow();

    [Fact]
    [Trait("Spec", "RFC 9700 §2.6")]
    public async Task Trusts_an_additional_authority_for_the_right_host_only()
    {
        using var authority = Authority("CN=Test CA");
        using var stranger = Authority("CN=Test CA");
        Assert.Equal(200, await StatusAsync(authority, Leaf(authority, IPAddress.Loopback)));
        Assert.Equal(0, await StatusAsync(null, Leaf(authority, IPAddress.Loopback)));
        Assert.Equal(0, await StatusAsync(stranger, Leaf(authority, IPAddress.Loopback)));
        Assert.Equal(0, await StatusAsync(authority, Leaf(authority, IPAddress.Parse("127.0.0.2"))));
    }

    [Fact]
    public async Task Follows_no_redirect()
    {
        await using var app = TestServer.Create().Build();
        var asked = 0;
        app.Run(http =>
        {
            asked++;
            http.Response.Redirect("/elsewhere");
            return Task.CompletedTask;
        });
        var url = await TestServer.StartAsync(app);
        using var backchannel = new Backchannel(new BackchannelOptions());
        Assert.Equal(302, (await backchannel.GetAsync(url + "/", TestContext.Current.CancellationToken)).Status);
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task Waits_no_longer_than_it_may()
    {
        await using var app = TestServer.Create().Build();
        app.Run(http => Task.Delay(Timeout.Infinite, http.RequestAborted));
        var url = await TestServer.StartAsync(app);
        using var backchannel = new Backchannel(new BackchannelOptions { Timeout = TimeSpan.FromMilliseconds(100) });
        Assert.Equal(0, (await backchannel.GetAsync(url + "/", TestContext.Current.CancellationToken)).Status);
    }

    private static async Task<int> StatusAsync(X509Certificate2? trusted, X509Certificate2 certificate)
    {
        await using var app = TestServer.Create(certificate: certificate).Build();
        app.Run(http => Task.CompletedTask);
        var url = await TestServer.StartAsync(app);
        var options = new BackchannelOptions();
        if (trusted is not null)
            options.TrustedAuthorities.Add(trusted);
        using var backchannel = new Backchannel(options);
        return (await backchannel.GetAsync(url + "/", TestContext.Current.CancellationToken)).Status;
    }

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(Today.AddDays(-1), Today.AddDays(1));
    }

    private static X509Certificate2 Leaf(X509Certificate2 authority, IPAddress address)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(address);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(authority, Today.AddHours(-1), Today.AddHours(1), [1, 2, 3, 4]);
        return certificate.CopyWithPrivateKey(key);
    }
}
