namespace Ostiary.Program.Tests.ForeignClients;

/// <summary>
/// What only some clients do, by two libraries, each flow in a script of its own in <c>tests/foreign</c>. All of it over TLS, so that neither library has to be
/// told to be lenient, and with a server that demands nonces of every proof.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class ForeignFlowTests(ServedOverTls served) : IClassFixture<ServedOverTls>
{
    private const string OpenidClient = "openid-client";
    private const string Oauth4webapi = "oauth4webapi";

    private readonly ForeignScript _script = new(served);

    [Theory, InlineData(OpenidClient), InlineData(Oauth4webapi), Trait("Spec", "RFC 9449 §5"), Trait("Spec", "RFC 9449 §8")]
    public Task Tokens_are_bound_by_DPoP(string library) =>
        CompletesAsync(library, "dpop", "app", ["discovery", "authorize", "token", "refresh", "userinfo", "as-bearer"]);

    [Theory, InlineData(OpenidClient), InlineData(Oauth4webapi), Trait("Spec", "RFC 9126 §2"), Trait("Spec", "RFC 9126 §4")]
    public Task A_request_is_pushed(string library) =>
        CompletesAsync(library, "par", "pusher", ["discovery", "push", "authorize", "token", "userinfo"]);

    [Theory, InlineData(OpenidClient), InlineData(Oauth4webapi), Trait("Spec", "RFC 9101 §5"), Trait("Spec", "RFC 9101 §10.5")]
    public Task A_request_is_signed(string library) =>
        CompletesAsync(library, "jar", "signer", ["discovery", "sign", "authorize", "token", "userinfo"], ("signingKey", served.SigningKey));

    [Theory, InlineData(OpenidClient), InlineData(Oauth4webapi), Trait("Spec", "RFC 9101 §5"), Trait("Spec", "RFC 9126 §2")]
    public Task A_signed_request_is_pushed(string library) =>
        CompletesAsync(library, "jar-pushed", "signer", ["discovery", "push", "authorize", "token", "userinfo"], ("signingKey", served.SigningKey));

    [Theory, InlineData(OpenidClient), InlineData(Oauth4webapi), Trait("Spec", "RFC 8628 §3.2"), Trait("Spec", "RFC 8628 §3.5")]
    public Task A_device_is_connected(string library) =>
        CompletesAsync(
            library,
            "device",
            "tv",
            ["discovery", "device-authorization", "approval", "token", "refresh", "userinfo"],
            ("scope", "openid offline_access read"),
            ("clientSecret", "")
        );

    [Theory, InlineData(OpenidClient), InlineData(Oauth4webapi), Trait("Spec", "RFC 7591 §3.2.1")]
    public Task A_client_registers_itself(string library) =>
        CompletesAsync(library, "register", "", ["discovery", "register", "authorize", "token", "userinfo"]);

    [Theory, InlineData(OpenidClient), InlineData(Oauth4webapi), Trait("Spec", "RFC 8693 §2.1"), Trait("Spec", "RFC 8693 §2.2.1")]
    public Task A_service_exchanges_a_token(string library) =>
        CompletesAsync(
            library,
            "exchange",
            "shop",
            ["discovery", "authorize", "token", "exchange", "elsewhere"],
            ("scope", "openid offline_access read next.read"),
            ("service", "service"),
            ("audience", "https://next.example"),
            ("target", "next.read")
        );

    /// <summary>The whole profile: pushed, authenticated by a key, bound by DPoP, <c>iss</c> compared by the library, ID token by ES256.</summary>
    [
        Theory,
        InlineData(OpenidClient),
        InlineData(Oauth4webapi),
        Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.1"),
        Trait("Spec", "FAPI 2.0 Security Profile §5.3.2.2"),
        Trait("Spec", "RFC 9207 §2")
    ]
    public Task The_profile_of_FAPI_is_kept(string library) =>
        CompletesAsync(
            library,
            "fapi2",
            "bank",
            ["discovery", "push", "authorize", "token", "refresh", "userinfo", "as-bearer", "without-par", "wrong-iss"],
            ("privateKey", served.SigningKey),
            ("keyAlg", "ES256"),
            ("idTokenAlg", "ES256"),
            ("clientSecret", "")
        );

    private Task CompletesAsync(string library, string flow, string client, string[] story, params (string Name, string Value)[] more) =>
        _script.TellsAsync(story, "node", Path.Combine(library, flow + ".mjs"), client, more);
}
