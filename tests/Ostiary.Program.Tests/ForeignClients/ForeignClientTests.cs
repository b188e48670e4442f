namespace Ostiary.Program.Tests.ForeignClients;

/// <summary>
/// Other people's libraries sign in, refresh, ask, revoke and sign out against the real program, each from one script in <c>tests/foreign</c>: discovery,
/// code with PKCE through the sign-in and consent forms, an ID token that the library verifies, and the end of everything.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class ForeignClientTests(ServedProgram served) : IClassFixture<ServedProgram>
{
    private const string Node = "node";
    private const string Python = "/usr/bin/python3";

    private readonly ForeignScript _script = new(served);

    [Fact, Trait("Spec", "RFC 6749 §2.3.1")]
    public Task Openid_client_completes() => _script.CompletesAsync(Node, "openid-client.mjs", "app");

    [Fact, Trait("Spec", "RFC 7523 §3")]
    public Task Openid_client_completes_with_a_private_key() => _script.CompletesAsync(Node, "openid-client.mjs", "app-key");

    [Fact, Trait("Spec", "RFC 6749 §2.3.1")]
    public Task Oauth4webapi_completes() => _script.CompletesAsync(Node, "oauth4webapi.mjs", "app");

    [Fact, Trait("Spec", "RFC 8414 §3")]
    public Task Oauth4webapi_completes_from_the_metadata_of_oauth() =>
        _script.CompletesAsync(Node, "oauth4webapi.mjs", "app", ("discovery", "oauth2"));

    [Fact, Trait("Spec", "RFC 7523 §3")]
    public Task Oauth4webapi_completes_with_a_private_key() => _script.CompletesAsync(Node, "oauth4webapi.mjs", "app-key");

    [Theory, InlineData("ES256"), InlineData("PS256"), Trait("Spec", "RFC 9449 §5"), Trait("Spec", "RFC 9449 §7.1")]
    public Task Oauth4webapi_completes_with_tokens_bound_by_DPoP(string algorithm) =>
        _script.CompletesAsync(Node, "oauth4webapi.mjs", "app", ("dpop", algorithm));

    [Fact, Trait("Spec", "RFC 6749 §2.3.1")]
    public Task Authlib_completes() => _script.CompletesAsync(Python, "authlib_client.py", "app");

    /// <summary>Authlib names the token endpoint as audience, so its client is registered with <c>"assertion_audience": "any"</c>.</summary>
    [Fact, Trait("Spec", "RFC 7523 §3")]
    public Task Authlib_completes_with_a_private_key() => _script.CompletesAsync(Python, "authlib_client.py", "app-key-any");

    [Fact, Trait("Spec", "RFC 7523 §3")]
    public async Task Authlib_is_refused_where_only_the_issuer_is_an_audience()
    {
        var (code, steps, errors) = await _script.RunAsync(Python, "authlib_client.py", "app-key");
        Assert.NotEqual(0, code);
        Assert.Equal(["discovery", "authorize"], steps);
        Assert.Contains("invalid_client", errors, StringComparison.Ordinal);
    }

    [Fact, Trait("Spec", "RFC 6749 §2.3.1")]
    public Task Requests_oauthlib_completes() => _script.CompletesAsync(Python, "requests_oauthlib_client.py", "app");

    [Theory, InlineData("ES256"), InlineData("ES384"), InlineData("PS256"), Trait("Spec", "OIDC Core §10.1")]
    public Task Openid_client_verifies_ID_tokens_signed_by(string algorithm) =>
        _script.CompletesAsync(Node, "openid-client.mjs", "app-" + algorithm.ToLowerInvariant(), ("idTokenAlg", algorithm));

    [Theory, InlineData("ES256"), InlineData("ES384"), InlineData("PS256"), InlineData("HS256"), Trait("Spec", "OIDC Core §3.1.3.6")]
    public Task Authlib_verifies_ID_tokens_and_their_at_hash_signed_by(string algorithm) =>
        _script.CompletesAsync(Python, "authlib_client.py", "app-" + algorithm.ToLowerInvariant(), ("idTokenAlg", algorithm));

    [Fact, Trait("Spec", "RFC 9068 §2.2")]
    public Task An_API_on_foreign_code_accepts_an_access_token() =>
        _script.TellsAsync(["discovery", "token", "oauth4webapi", "jose"], Node, "access-token.mjs", "robot");
}

/// <summary>The same under an issuer with a path: the metadata lie elsewhere and every address is longer.</summary>
[Trait("Speed", "Slow")]
public sealed class ForeignClientsUnderAPathTests(ServedUnderAPath served) : IClassFixture<ServedUnderAPath>
{
    private readonly ForeignScript _script = new(served);

    [Fact, Trait("Spec", "OIDC Discovery §4")]
    public Task Openid_client_completes() => _script.CompletesAsync("node", "openid-client.mjs", "app");

    [Fact, Trait("Spec", "RFC 8414 §3")]
    public Task Oauth4webapi_completes_from_the_metadata_of_oauth() =>
        _script.CompletesAsync("node", "oauth4webapi.mjs", "app-key", ("discovery", "oauth2"));

    [Fact, Trait("Spec", "OIDC Discovery §4")]
    public Task Authlib_completes() => _script.CompletesAsync("/usr/bin/python3", "authlib_client.py", "app");
}
