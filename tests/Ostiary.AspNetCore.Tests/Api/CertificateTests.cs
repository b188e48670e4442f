using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Ostiary.AspNetCore.Api;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;

namespace Ostiary.AspNetCore.Tests.Api;

/// <summary>Tokens that are bound to a certificate, at an API over real TLS.</summary>
public sealed class CertificateTests : IAsyncLifetime
{
    private static readonly DateTimeOffset From = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly ManualTime _clock = new();
    private readonly X509Certificate2 _mine = SelfSigned();
    private readonly X509Certificate2 _other = SelfSigned();
    private readonly List<Reason?> _refused = [];
    private TestIssuer _issuer = null!;

    public async ValueTask InitializeAsync() => _issuer = await TestIssuer.StartAsync(_clock);

    public async ValueTask DisposeAsync()
    {
        await _issuer.DisposeAsync();
        _mine.Dispose();
        _other.Dispose();
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest("CN=self", key, HashAlgorithmName.SHA256).CreateSelfSigned(From, From.AddYears(50));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    private async Task<WebApplication> StartAsync(Action<ApiOptions>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(
                IPAddress.Loopback,
                0,
                listen =>
                    listen.UseHttps(https =>
                    {
                        https.ServerCertificate = _other;
                        https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                        https.AllowAnyClientCertificate();
                    })
            )
        );
        builder.Services.AddSingleton<TimeProvider>(_clock);
        builder.Services.AddOstiaryApi(o =>
        {
            o.Issuer = _issuer.Url;
            o.Audience = TestIssuer.Audience;
            o.OnChecked = check => _refused.Add(check.Verdict.Refused);
            configure?.Invoke(o);
        });
        var app = builder.Build();
        app.MapGet("/read", () => "notes").RequireScope("read");
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private string Bound() => _issuer.AccessToken(c => c["cnf"] = new JsonObject { ["x5t#S256"] = SenderKey.Certificate(_mine.RawData).Thumbprint });

    private async Task<(HttpStatusCode Status, Reason? Refused)> AskAsync(
        WebApplication app,
        string token,
        X509Certificate2? certificate,
        string? header = null
    )
    {
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, presented, _, _) => presented is not null;
        if (certificate is not null)
            handler.SslOptions.ClientCertificates = [certificate];
        using var http = new HttpClient(handler);
        using var request = new HttpRequestMessage(HttpMethod.Get, app.Urls.First() + "/read");
        request.Headers.Authorization = new("Bearer", token);
        if (header is not null)
            request.Headers.TryAddWithoutValidation("Client-Cert", header);
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        if (answer.StatusCode == HttpStatusCode.Unauthorized)
            Assert.StartsWith("Bearer realm=", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        return (answer.StatusCode, _refused[^1]);
    }

    private static string Field(X509Certificate2 certificate) => $":{Convert.ToBase64String(certificate.RawData)}:";

    private static (HttpStatusCode, Reason?) Refused(Reason reason) => (HttpStatusCode.Unauthorized, reason);

    private static readonly (HttpStatusCode, Reason?) Passed = (HttpStatusCode.OK, null);

    [Fact, Trait("Spec", "RFC 8705 §3")]
    public async Task F21_a_bound_token_is_taken_over_a_connection_of_its_certificate_alone()
    {
        await using var app = await StartAsync();

        Assert.Equal(Passed, await AskAsync(app, Bound(), _mine));
        Assert.Equal(Refused(Reason.TokenOfAnotherKey), await AskAsync(app, Bound(), _other));
        Assert.Equal(Refused(Reason.TokenOfAnotherKey), await AskAsync(app, Bound(), null));
        Assert.Equal(Refused(Reason.TokenOfAnotherKey), await AskAsync(app, Bound(), null, Field(_mine)));
        Assert.Equal(Passed, await AskAsync(app, _issuer.AccessToken(), null));
    }

    [Fact, Trait("Spec", "RFC 8705 §3")]
    public async Task An_API_that_takes_bound_tokens_only_takes_no_others()
    {
        await using var app = await StartAsync(o => o.RequireCertificate = true);
        await using var either = await StartAsync(o => (o.RequireCertificate, o.RequireDpop) = (true, true));

        Assert.Equal(Passed, await AskAsync(app, Bound(), _mine));
        Assert.Equal(Refused(Reason.BearerUnbound), await AskAsync(app, _issuer.AccessToken(), _mine));
        Assert.Equal(Passed, await AskAsync(either, Bound(), _mine));
    }

    [Fact, Trait("Spec", "RFC 9440 §2")]
    public async Task C26_a_certificate_in_a_header_counts_from_the_named_proxies_alone()
    {
        await using var behind = await StartAsync(o => o.CertificateProxies = ["127.0.0.0/8", "::1"]);
        await using var elsewhere = await StartAsync(o => o.CertificateProxies = ["10.0.0.5"]);

        Assert.Equal(Passed, await AskAsync(behind, Bound(), null, Field(_mine)));
        Assert.Equal(Passed, await AskAsync(behind, Bound(), _other, Field(_mine))); // The connection's own is the proxy's.
        Assert.Equal(Refused(Reason.TokenOfAnotherKey), await AskAsync(behind, Bound(), _mine));
        Assert.Equal(Refused(Reason.TokenOfAnotherKey), await AskAsync(behind, Bound(), _mine, "junk"));
        Assert.Equal(Refused(Reason.TokenOfAnotherKey), await AskAsync(behind, Bound(), null, Field(_other)));
        Assert.Equal(Refused(Reason.TokenOfAnotherKey), await AskAsync(elsewhere, Bound(), null, Field(_mine)));
        Assert.Throws<ArgumentException>(() =>
            new ServiceCollection().AddOstiaryApi(o => (o.Issuer, o.Audience, o.CertificateProxies) = (_issuer.Url, "a", ["nowhere"]))
        );
    }
}
