using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Tests.Harness;
using Ostiary.Server.Tests.Outbound;
using Ostiary.Server.Tests.Registration;

namespace Ostiary.Server.Tests.Senders;

/// <summary>tls_client_auth and self_signed_tls_client_auth, over real TLS: a good certificate, changed in one thing.</summary>
public sealed class CertificateAuthenticationTests(MtlsServer mtls) : IClassFixture<MtlsServer>
{
    private const HttpStatusCode Unauthorized = HttpStatusCode.Unauthorized;

    [Fact, Trait("Spec", "RFC 8705 §2"), Trait("Spec", "RFC 8705 §2.1"), Trait("Spec", "RFC 8705 §2.1.1")]
    public async Task A_certificate_of_the_authority_with_the_registered_subject_authenticates()
    {
        await mtls.AddAsync("pki", "tls_client_auth", "\"tls_client_auth_subject_dn\":\"CN=bank,O=Bank AG\"");
        using var good = mtls.As(mtls.Authority.Issue("CN=bank, O=Bank AG"));

        var answer = await good.TokenAsync("pki");

        Assert.Equal((HttpStatusCode.OK, "Bearer"), (answer.Status, answer["token_type"]));
        Assert.DoesNotContain("cnf", Forge.Part(answer["access_token"]!, 1), StringComparison.Ordinal); // It was shown to authenticate, and no more was asked for.
        var shown = await mtls.Server.AdministerAsync("GET", "/clients/pki");
        Assert.Equal("CN=bank,O=Bank AG", shown.GetProperty("tls_client_auth_subject_dn").GetString());
        var used = await mtls.Server.AdministerAsync("GET", "/clients/pki/secrets");
        Assert.Contains("last_used_at", used.GetRawText(), StringComparison.Ordinal);
    }

    [
        Fact,
        Trait("Spec", "RFC 8705 §2"),
        Trait("Spec", "RFC 8705 §2.1"),
        Trait("Spec", "RFC 5280 §4.1.2.5"),
        Trait("Spec", "RFC 5280 §6.1"),
        Trait("Spec", "RFC 5280 §4.2.1.12")
    ]
    public async Task A_certificate_that_is_wrong_in_one_thing_does_not()
    {
        await mtls.AddAsync("pki-2", "tls_client_auth", "\"tls_client_auth_subject_dn\":\"CN=bank\"");
        async Task RefusedAsync(X509Certificate2? certificate, string code)
        {
            using var caller = mtls.As(certificate);
            (await caller.TokenAsync("pki-2")).ShouldBeRefused("invalid_client", code, Unauthorized);
        }

        await RefusedAsync(null, "OST3031");
        await RefusedAsync(mtls.Stranger.Issue("CN=bank"), "OST3032"); // The same name, of another authority of the same name.
        await RefusedAsync(Pki.SelfSigned("CN=bank"), "OST3032");
        await RefusedAsync(mtls.Authority.Issue("CN=bank", until: mtls.Server.Time.Now.AddSeconds(-1)), "OST3033");
        await RefusedAsync(mtls.Authority.Issue("CN=bank", purpose: Pki.ForServers), "OST3034");
        await RefusedAsync(mtls.Authority.Issue("CN=other"), "OST3035");
        Assert.True(await mtls.Server.RefusedWithAsync(Reason.ClientCertificateUntrusted));
        using var unrestricted = mtls.As(mtls.Authority.Issue("CN=bank", purpose: null));
        Assert.Equal(HttpStatusCode.OK, (await unrestricted.TokenAsync("pki-2")).Status);
    }

    [Fact, Trait("Spec", "RFC 8705 §2.1.2"), Trait("Spec", "RFC 4514 §2")]
    public async Task C27_a_subject_that_only_looks_like_the_registered_one_is_another()
    {
        await mtls.AddAsync("c27", "tls_client_auth", "\"tls_client_auth_subject_dn\":\"CN=bank\"");
        const string commonName = "2.5.4.3";
        (string Oid, string Value)[][] subjects =
        [
            [(commonName, "bank"), ("2.5.4.11", "x")],
            [(commonName, "bank,OU=x")],
            [(commonName, "bank"), (commonName, "bank")],
            [(commonName, "evil"), (commonName, "bank")],
            [("2.5.4.10", "bank")],
            [(commonName, "Bank")],
            [(commonName, "bank ")],
            [(commonName, "bank\0")],
            [(commonName, "bank\0.evil")],
            [(commonName, "b\u0430nk")],
        ];
        foreach (var subject in subjects)
        {
            var name = new X500DistinguishedNameBuilder();
            foreach (var (oid, value) in subject)
                name.Add(oid, value, UniversalTagNumber.UTF8String);
            using var caller = mtls.As(mtls.Authority.Issue(name.Build()));
            (await caller.TokenAsync("c27")).ShouldBeRefused("invalid_client", "OST3035", Unauthorized);
        }
    }

    [Fact, Trait("Spec", "RFC 8705 §2.1.2"), Trait("Spec", "RFC 5280 §4.2.1.6")]
    public async Task Every_alternative_name_is_compared_as_its_kind()
    {
        await mtls.AddAsync("dns", "tls_client_auth", "\"tls_client_auth_san_dns\":\"client.bank.test\"");
        await mtls.AddAsync("uri", "tls_client_auth", "\"tls_client_auth_san_uri\":\"spiffe://bank.test/app\"");
        await mtls.AddAsync("ip", "tls_client_auth", "\"tls_client_auth_san_ip\":\"2001:db8::1\"");
        await mtls.AddAsync("mail", "tls_client_auth", "\"tls_client_auth_san_email\":\"ops@bank.test\"");
        using var all = mtls.As(
            mtls.Authority.Issue(
                "CN=x",
                names =>
                {
                    names.AddDnsName("CLIENT.bank.test");
                    names.AddUri(new Uri("spiffe://bank.test/app"));
                    names.AddIpAddress(IPAddress.Parse("2001:0db8:0:0::1"));
                    names.AddEmailAddress("ops@bank.test");
                }
            )
        );
        using var crossed = mtls.As(
            mtls.Authority.Issue(
                "CN=client.bank.test",
                names =>
                {
                    names.AddDnsName("*.bank.test");
                    names.AddDnsName("ops@bank.test");
                    names.AddUri(new Uri("spiffe://bank.test/APP"));
                    names.AddIpAddress(IPAddress.Parse("192.0.2.1"));
                    names.AddEmailAddress("client.bank.test");
                }
            )
        );
        foreach (var id in new[] { "dns", "uri", "ip", "mail" })
        {
            Assert.Equal(HttpStatusCode.OK, (await all.TokenAsync(id)).Status);
            (await crossed.TokenAsync(id)).ShouldBeRefused("invalid_client", "OST3035", Unauthorized);
        }
    }

    [Fact, Trait("Spec", "RFC 8705 §2.1")]
    public async Task What_leads_to_the_authority_may_come_in_the_handshake_and_is_trusted_for_nothing_else()
    {
        await mtls.AddAsync("deep", "tls_client_auth", "\"tls_client_auth_subject_dn\":\"CN=deep\"");
        using var root = new Pki("CN=Between", mtls.Authority);
        using var foreign = new Pki("CN=Between", mtls.Stranger);
        using var bare = mtls.As(root.Issue("CN=deep"));
        using var whole = mtls.As(root.Issue("CN=deep"), root.Certificate);
        using var wrong = mtls.As(foreign.Issue("CN=deep"), foreign.Certificate, mtls.Stranger.Certificate);

        (await bare.TokenAsync("deep")).ShouldBeRefused("invalid_client", "OST3032", Unauthorized);
        Assert.Equal(HttpStatusCode.OK, (await whole.TokenAsync("deep")).Status);
        (await wrong.TokenAsync("deep")).ShouldBeRefused("invalid_client", "OST3032", Unauthorized);
    }

    [Fact, Trait("Spec", "RFC 5280 §6.1")]
    public async Task A_client_with_a_certificate_is_no_authority()
    {
        await mtls.AddAsync("victim", "tls_client_auth", "\"tls_client_auth_subject_dn\":\"CN=victim\"");
        using var own = mtls.Authority.Issue("CN=attacker");
        using var attacker = mtls.As(Pki.IssuedBy(own, "CN=victim"), own);

        (await attacker.TokenAsync("victim")).ShouldBeRefused("invalid_client", "OST3032", Unauthorized);
    }

    [Fact, Trait("Spec", "RFC 8705 §2.1.2"), Trait("Spec", "RFC 8705 §3.4")]
    public async Task Who_registers_itself_may_name_its_certificate_where_the_operator_offers_that()
    {
        const string metadata =
            """{"redirect_uris":["https://rp.test/cb"],"token_endpoint_auth_method":"tls_client_auth","tls_client_auth_san_dns":"rp.test","tls_client_certificate_bound_access_tokens":true}""";
        await mtls.Server.AdministerAsync("POST", "/config/apply", """{"configuration":{"issuer":{"registration":{"open":true}}}}""");
        using var registrant = new Registrant(mtls.Server);
        (await registrant.RegisterAsync(metadata)).ShouldBeRefused("invalid_client_metadata", "OST2208");
        await mtls.Server.AdministerAsync(
            "POST",
            "/config/apply",
            """{"configuration":{"issuer":{"registration":{"open":true,"token_endpoint_auth_methods":["tls_client_auth"]}}}}"""
        );

        var registered = await registrant.RegisterAsync(metadata);

        Assert.Equal(
            (HttpStatusCode.Created, "rp.test", null),
            (registered.Status, registered["tls_client_auth_san_dns"], registered["client_secret"])
        );
        Assert.Equal("True", registered["tls_client_certificate_bound_access_tokens"]);
        using var known = mtls.As(mtls.Authority.Issue("CN=x", names => names.AddDnsName("rp.test")));
        using var other = mtls.As(mtls.Authority.Issue("CN=x", names => names.AddDnsName("other.test")));
        (string, string)[] push = [("client_id", registered["client_id"]!), ("response_type", "code")];
        (await other.PostAsync("/par", push)).ShouldBeRefused("invalid_client", "OST3035", Unauthorized);
        Assert.Equal("OST1012", (await known.PostAsync("/par", [.. push, ("redirect_uri", "https://evil.test/cb")])).Code);
    }

    [Fact, Trait("Spec", "RFC 8705 §2.2"), Trait("Spec", "RFC 8705 §2.2.1"), Trait("Spec", "RFC 8705 §2.2.2"), Trait("Spec", "RFC 7638 §3.2")]
    public async Task A_self_signed_certificate_authenticates_by_its_key_alone()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Pki.SelfSigned("CN=self", key);
        await mtls.AddAsync("self", "self_signed_tls_client_auth", "\"jwks\":" + MtlsServer.Jwks(certificate));
        using var good = mtls.As(certificate);
        using var renewed = mtls.As(Pki.SelfSigned("CN=renewed", key));
        using var other = mtls.As(Pki.SelfSigned("CN=self"));
        using var none = mtls.As(null);

        Assert.Equal(HttpStatusCode.OK, (await good.TokenAsync("self")).Status);
        Assert.Equal(HttpStatusCode.OK, (await renewed.TokenAsync("self")).Status);
        var used = await mtls.Server.AdministerAsync("GET", "/clients/self/secrets");
        Assert.Equal(1, used.GetProperty("items").GetArrayLength()); // However often it is renewed, it is one key.
        (await other.TokenAsync("self")).ShouldBeRefused("invalid_client", "OST3036", Unauthorized);
        (await none.TokenAsync("self")).ShouldBeRefused("invalid_client", "OST3031", Unauthorized);
        (await good.TokenAsync("self", ("client_secret", "x"))).ShouldBeRefused("invalid_client", "OST3007", Unauthorized);
        (await good.TokenAsync("m2m")).ShouldBeRefused("invalid_client", "OST3001", Unauthorized); // No secret, and a certificate is none.
    }

    [Fact, Trait("Spec", "RFC 8705 §2.2.2")]
    public async Task Its_keys_may_be_at_an_address_and_are_fetched_anew_for_a_new_certificate()
    {
        using var first = Pki.SelfSigned();
        using var second = Pki.SelfSigned();
        var keys = Peer.Ok(MtlsServer.Jwks(first));
        await using var peer = new Peer(async (stream, ct) => await stream.WriteAsync(Encoding.Latin1.GetBytes(keys), ct));
        var authority = Path.GetTempFileName();
        await File.WriteAllTextAsync(authority, peer.Roots[0].ExportCertificatePem(), TestContext.Current.CancellationToken);
        await using var own = new MtlsServer { With = options => options with { AllowLoopbackFetch = true, ExtraCaFile = authority } };
        await own.InitializeAsync();
        await own.AddAsync("far", "self_signed_tls_client_auth", $"\"jwks_uri\":\"https://127.0.0.1:{peer.Port}/keys\"");
        using var old = own.As(first);
        using var late = own.As(second);

        Assert.Equal(HttpStatusCode.OK, (await old.TokenAsync("far")).Status);
        (await late.TokenAsync("far")).ShouldBeRefused("invalid_client", "OST3036", Unauthorized);
        keys = Peer.Ok(MtlsServer.Jwks(second));
        own.Server.Time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(HttpStatusCode.OK, (await late.TokenAsync("far")).Status);
        keys = "HTTP/1.1 500 no\r\n\r\n";
        own.Server.Time.Advance(TimeSpan.FromDays(2));
        (await old.TokenAsync("far")).ShouldBeRefused("invalid_client", "OST3022", Unauthorized);
        File.Delete(authority);
    }
}
