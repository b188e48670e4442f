namespace Ostiary.Program.Tests.ForeignClients;

/// <summary>The profile of FAPI by certificates alone: two libraries find the aliases, authenticate by TLS, and their tokens are bound to the certificate.</summary>
[Trait("Speed", "Slow")]
public sealed class ForeignCertificateTests(ServedWithCertificates served) : IClassFixture<ServedWithCertificates>
{
    private static readonly string[] Story = ["discovery", "push", "authorize", "token", "refresh", "userinfo", "without-certificate"];
    private readonly ForeignScript _script = new(served);

    [
        Theory,
        InlineData("openid-client"),
        InlineData("oauth4webapi"),
        Trait("Spec", "RFC 8705 §2.1"),
        Trait("Spec", "RFC 8705 §3"),
        Trait("Spec", "RFC 8705 §5"),
        Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.1")
    ]
    public Task A_client_has_a_certificate(string library) =>
        _script.TellsAsync(
            Story,
            "node",
            Path.Combine(library, "certificate.mjs"),
            "bank",
            ("clientSecret", ""),
            ("certificate", served.ClientCertificate),
            ("certificateKey", served.ClientKey),
            ("idTokenAlg", "ES256")
        );
}
