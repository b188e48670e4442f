using Ostiary.Protocol.Reasons;
using Ostiary.Server.Apis;
using Ostiary.Server.Configuration;
using static Ostiary.Server.Tests.Configuration.Documents;

namespace Ostiary.Server.Tests.Configuration;

public sealed class OtherDocumentTests
{
    [Fact]
    [Trait("Spec", "RFC 8707 §2")]
    public void Reads_an_api()
    {
        var (document, faults) = Api(
            """
            {"identifier":"urn:example:api","name":"Orders","scopes":[{"name":"read","description":"Read your data","default":true},{"name":"write","description":"Change it"}],
             "token_format":"opaque","token_lifetime":"5m","signing_alg":"PS256","resource_server_clients":["api-1"]}
            """
        );
        Assert.Empty(faults);
        Assert.Equal(
            (TokenFormat.Opaque, TimeSpan.FromMinutes(5), "PS256"),
            (document!.Api.TokenFormat, document.Api.TokenLifetime, document.Api.SigningAlgorithm)
        );
        Assert.Equal("read", document.Api.DefaultScope.ToString());
    }

    [Theory]
    [InlineData("""{}""", "identifier", "missing")]
    [InlineData("""{"identifier":"orders"}""", "identifier", "absolute")]
    [InlineData("""{"identifier":"/orders"}""", "identifier", "absolute")]
    [InlineData("""{"identifier":"https://api.example#x"}""", "identifier", "fragment")]
    [InlineData("""{"identifier":"https://a@api.example"}""", "identifier", "absolute")]
    [InlineData("""{"identifier":"https://api.example","token_lifetime":"2d"}""", "token_lifetime", "allow_unsafe")]
    [InlineData("""{"identifier":"https://api.example","token_lifetime":"10 min"}""", "token_lifetime", "10m")]
    [InlineData("""{"identifier":"https://api.example","token_format":"JWT"}""", "token_format", "'jwt'")]
    [InlineData("""{"identifier":"https://api.example","signing_alg":"none"}""", "signing_alg", "not one of")]
    [InlineData("""{"identifier":"https://api.example","scope":"read"}""", "scope", "'scopes'")]
    [InlineData("""{"identifier":"https://api.example","scopes":[{"name":"read"}]}""", "scopes[0].description", "missing")]
    [InlineData("""{"identifier":"https://api.example","scopes":[{"description":"x"}]}""", "scopes[0].name", "missing")]
    [InlineData("""{"identifier":"https://api.example","scopes":[{"name":"a b","description":"x"}]}""", "scopes[0].name", "no scope may hold")]
    [InlineData("""{"identifier":"https://api.example","scopes":[{"name":"openid","description":"x"}]}""", "scopes[0].name", "server itself")]
    [InlineData("""{"identifier":"https://api.example","scopes":[{"name":"ostiary:admin","description":"x"}]}""", "scopes[0].name", "server itself")]
    [InlineData(
        """{"identifier":"https://api.example","scopes":[{"name":"a","description":"x"},{"name":"a","description":"y"}]}""",
        "scopes[1].name",
        "twice"
    )]
    [InlineData("""{"identifier":"https://api.example","scopes":["read"]}""", "scopes[0]", "object")]
    [InlineData("""{"identifier":"https://api.example","exchange_scope":"next \"read\""}""", "exchange_scope", "no scope may hold")]
    [InlineData("""{"identifier":"https://api.example","exchange_scope":"ostiary:admin"}""", "exchange_scope", "server itself")]
    public void Refuses_an_api_that_does_not_hold(string text, string path, string says) => One(Api(text).Faults, path, says);

    [Theory]
    [Trait("Spec", "OIDC Core §5.4")]
    [Trait("Spec", "OIDC Core §11")]
    [InlineData("openid", true)]
    [InlineData("profile", true)]
    [InlineData("address", true)]
    [InlineData("offline_access", true)]
    [InlineData("ostiary:admin", true)]
    [InlineData("OpenID", false)]
    [InlineData("read", false)]
    public void Keeps_the_scopes_that_no_api_may_define(string scope, bool reserved) => Assert.Equal(reserved, KnownScopes.IsReserved(scope));

    [Fact]
    public void Reads_a_user()
    {
        var (document, faults) = User(
            """{"username":"alice","email":"a@x.example","email_verified":true,"password":{"env":"P"},"claims":{"name":"Alice","roles":["a"]}}"""
        );
        Assert.Empty(faults);
        Assert.Equal(new SecretReference("env", "P"), document!.Password);
        Assert.Equal(2, document.User.Claims.Count);
    }

    [Fact]
    public void Takes_a_verified_address_among_the_claims()
    {
        var (document, faults) = User("""{"username":"alice","email":"a@x.example","claims":{"email_verified":true}}""");
        Assert.Empty(faults);
        Assert.True(document!.User.EmailVerified);
        Assert.Empty(document.User.Claims);
    }

    [Theory]
    [Trait("Spec", "OIDC Core §2")]
    [InlineData("iss")]
    [InlineData("sub")]
    [InlineData("aud")]
    [InlineData("exp")]
    [InlineData("iat")]
    [InlineData("nonce")]
    [InlineData("acr")]
    [InlineData("amr")]
    [InlineData("azp")]
    [InlineData("at_hash")]
    [InlineData("c_hash")]
    [InlineData("sid")]
    [InlineData("jti")]
    [InlineData("client_id")]
    [InlineData("scope")]
    [InlineData("cnf")]
    [InlineData("act")]
    [InlineData("auth_time")]
    [InlineData("grant_id")]
    public void Refuses_claims_that_are_the_servers_own(string claim) =>
        One(
            User("""{"username":"a","claims":{"CLAIM":"x"}}""".Replace("CLAIM", claim, StringComparison.Ordinal)).Faults,
            "claims." + claim,
            "server's own"
        );

    [Theory]
    [Trait("Spec", "OIDC Core §5.3.2")]
    [InlineData("""{}""", "username", "missing")]
    [InlineData("""{"username":"a b"}""", "username", "ASCII")]
    [InlineData("""{"username":"älice"}""", "username", "ASCII")]
    [InlineData("""{"username":"a","email":"x"}""", "email", "e-mail")]
    [InlineData("""{"username":"a","password":"secret"}""", "password", "file")]
    [InlineData("""{"username":"a","claims":[]}""", "claims", "object")]
    [InlineData("""{"username":"a","claims":{"email":"x@y"}}""", "claims.email", "member")]
    [InlineData("""{"username":"a","claims":{"x":null}}""", "claims.x", "null")]
    [InlineData("""{"username":"a","claims":{"x y":1}}""", "claims.x y", "name")]
    [InlineData("""{"username":"a","passwrod":{"env":"P"}}""", "passwrod", "'password'")]
    public void Refuses_a_user_that_does_not_hold(string text, string path, string says) => One(User(text).Faults, path, says);

    [Theory]
    [Trait("Spec", "RFC 6749 §4.1.2")]
    [Trait("Spec", "RFC 9700 §4.14.2")]
    [InlineData("""{"code_lifetime":"61s"}""", "code_lifetime", false)]
    [InlineData("""{"code_lifetime":"11m","allow_unsafe":["code_lifetime"]}""", "code_lifetime", false)]
    [InlineData("""{"code_lifetime":"5m","allow_unsafe":["code_lifetime"]}""", "", true)]
    [InlineData("""{"refresh_retry_window":"300s"}""", "", true)]
    [InlineData("""{"refresh_retry_window":"0s"}""", "", true)]
    [InlineData("""{"refresh_retry_window":"301s"}""", "refresh_retry_window", false)]
    [InlineData("""{"allow_unsafe":["refresh_retry_window"]}""", "allow_unsafe[0]", false)]
    [InlineData("""{"access_token_lifetime":"24h","refresh_token_lifetime":"365d"}""", "", true)]
    [InlineData("""{"key_rotation":"59m"}""", "key_rotation", false)]
    [InlineData("""{"display_name":"\u200Bx"}""", "display_name", false)]
    [InlineData("""{"code_lifetme":"30s"}""", "code_lifetme", false)]
    public void Keeps_issuer_settings_within_their_bounds(string text, string path, bool accepted)
    {
        var (document, faults) = Settings(text);
        Assert.Equal(accepted, document is not null);
        if (!accepted)
            Assert.Equal(path, Assert.Single(faults).Path);
    }

    [Fact]
    public void Names_what_to_add_where_a_safe_bound_can_be_exceeded()
    {
        Assert.Contains(
            "\"allow_unsafe\": [\"code_lifetime\"]",
            Assert.Single(Settings("""{"code_lifetime":"2m"}""").Faults).Hint,
            StringComparison.Ordinal
        );
        Assert.Null(Assert.Single(Settings("""{"code_lifetime":"2h"}""").Faults).Hint);
        Assert.Equal(Reason.UnsafeLifetime, Assert.Single(Settings("""{"code_lifetime":"2h"}""").Faults).Reason);
    }

    [Theory]
    [InlineData("0s", 0, "0s")]
    [InlineData("30s", 30, "30s")]
    [InlineData("600s", 600, "10m")]
    [InlineData("90m", 5400, "90m")]
    [InlineData("12h", 43200, "12h")]
    [InlineData("14d", 1209600, "14d")]
    public void Reads_and_writes_durations(string text, long seconds, string written)
    {
        Assert.True(Duration.TryParse(text, out var duration));
        Assert.Equal(seconds, (long)duration.TotalSeconds);
        Assert.Equal(written, Duration.Format(duration));
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("10")]
    [InlineData("-1s")]
    [InlineData("+1s")]
    [InlineData("1.5h")]
    [InlineData("1 h")]
    [InlineData("1w")]
    [InlineData("10M")]
    [InlineData("999999999d")]
    [InlineData("9999999999s")]
    public void Refuses_texts_that_are_no_durations(string text) => Assert.False(Duration.TryParse(text, out _));

    [Theory]
    [InlineData("scpoe", "scope")]
    [InlineData("Scope", "scope")]
    [InlineData("client-name", "client_name")]
    [InlineData("zzzzzzzz", null)]
    public void Finds_the_closest_name(string typed, string? closest) =>
        Assert.Equal(closest, ClosestName.Of(typed, ["scope", "client_name", "type"]));
}
