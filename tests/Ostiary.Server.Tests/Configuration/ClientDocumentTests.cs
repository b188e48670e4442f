using Ostiary.Protocol.Reasons;
using Ostiary.Server.Clients;
using static Ostiary.Server.Tests.Configuration.Documents;

namespace Ostiary.Server.Tests.Configuration;

public sealed class ClientDocumentTests
{
    private const string Web = """ "client_id":"a","redirect_uris":["https://rp.example/cb"] """;
    private const string Service = """ "client_id":"a","type":"service" """;
    private const string Key =
        """{"keys":[{"kty":"EC","crv":"P-256","kid":"1","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}""";

    [Theory]
    [InlineData("web", ClientAuthenticationMethod.ClientSecretBasic, "authorization_code refresh_token")]
    [InlineData("spa", ClientAuthenticationMethod.None, "authorization_code refresh_token")]
    [InlineData("native", ClientAuthenticationMethod.None, "authorization_code refresh_token")]
    [InlineData("mcp", ClientAuthenticationMethod.None, "authorization_code refresh_token")]
    public void Derives_the_safe_settings_of_a_client_that_signs_people_in(string type, object method, string grants)
    {
        var (document, faults) = Client($$"""{ {{Web}}, "type":"{{type}}" }""");
        Assert.Empty(faults);
        Assert.Equal(method, document!.Client.AuthenticationMethod);
        Assert.Equal(grants, string.Join(' ', document.Client.GrantTypes));
        Assert.True(document.Client.RequirePkce);
    }

    [Fact]
    public void Derives_the_safe_settings_of_services_and_devices()
    {
        Assert.Equal(["client_credentials"], Client("""{"client_id":"a","type":"service"}""").Client!.Client.GrantTypes);
        Assert.Equal(ClientAuthenticationMethod.None, Client("""{"client_id":"a","type":"device"}""").Client!.Client.AuthenticationMethod);
    }

    [Theory]
    [Trait("Spec", "OIDC Registration §2")]
    [InlineData("""{"client_id":"a","redirect_uris":["https://rp.example/cb"]}""", ClientType.Web)]
    [InlineData("""{"client_id":"a","redirect_uris":["https://rp.example/cb"],"token_endpoint_auth_method":"none"}""", ClientType.Spa)]
    [InlineData("""{"client_id":"a","redirect_uris":["http://127.0.0.1/cb"],"token_endpoint_auth_method":"none"}""", ClientType.Native)]
    [InlineData("""{"client_id":"a","redirect_uris":["com.example.app:/cb"],"application_type":"native"}""", ClientType.Native)]
    [InlineData("""{"client_id":"a","grant_types":["client_credentials"]}""", ClientType.Service)]
    public void Knows_the_type_from_the_registered_metadata(string text, object type)
    {
        var (document, faults) = Client(text);
        Assert.Empty(faults);
        Assert.Equal(type, document!.Client.Type);
    }

    [Fact]
    [Trait("Spec", "RFC 7591 §2.1")]
    public void Reads_every_setting()
    {
        var (document, faults) = Client(
            $$"""
            {"client_id":"a","type":"web","client_name":"Shop","application_type":"web","disabled":true,
             "redirect_uris":["https://rp.example/cb"],"post_logout_redirect_uris":["https://rp.example/"],
             "grant_types":["authorization_code","client_credentials"],"response_types":["code"],"scope":"openid read",
             "token_endpoint_auth_method":"private_key_jwt","token_endpoint_auth_signing_alg":"ES256","jwks":{{Key}},
             "assertion_audience":"any","require_pkce":false,"id_token_signed_response_alg":"ES256","default_max_age":60,"require_auth_time":true,
             "refresh_token_rotation":"always","consent":"required","access_token_lifetime":"5m","refresh_token_lifetime":"14d","refresh_token_idle":"12h",
             "client_uri":"https://rp.example","logo_uri":"https://rp.example/l.png","policy_uri":"https://rp.example/p","tos_uri":"https://rp.example/t",
             "contacts":["ops@rp.example"],"allow_unsafe":["access_token_lifetime"]}
            """
        );
        Assert.Empty(faults);
        var client = document!.Client;
        Assert.True(client.Disabled && client.RequireAuthTime && !client.RequirePkce);
        Assert.Equal(TimeSpan.FromMinutes(5), client.AccessTokenLifetime);
        Assert.Equal(TimeSpan.FromDays(14), client.RefreshTokenLifetime);
        Assert.Equal(TimeSpan.FromHours(12), client.RefreshTokenIdle);
        Assert.Equal(
            (AssertionAudience.Any, ConsentPolicy.Required, RefreshTokenRotation.Always),
            (client.AssertionAudience, client.Consent, client.Rotation)
        );
        Assert.Equal(("ES256", "ES256", 60L), (client.IdTokenAlgorithm, client.AssertionAlgorithm, client.DefaultMaxAge));
        Assert.Single(client.Keys!.Keys);
    }

    [Theory]
    [Trait("Spec", "RFC 9700 §2.1.2")]
    [Trait("Spec", "RFC 9700 §2.4")]
    [Trait("Spec", "RFC 6749 §4.4")]
    [Trait("Spec", "RFC 6749 §4.4.3")]
    [InlineData(Web, """ "grant_types":["implicit","authorization_code"] """, "grant_types[0]", "authorization_code with PKCE")]
    [InlineData(Web, """ "grant_types":["authorization_code","password"] """, "grant_types[1]", "authorization_code for people")]
    [InlineData(Web, """ "grant_types":["authorisation_code","authorization_code"] """, "grant_types[0]", "closest is 'authorization_code'")]
    [InlineData(Web, """ "response_types":["token"] """, "response_types[0]", "Only \"code\"")]
    [InlineData(Web, """ "response_types":["code","code id_token"] """, "response_types[1]", "Only \"code\"")]
    [InlineData(Service, """ "response_types":["code"] """, "response_types[0]", "authorization_code")]
    [InlineData(Service, """ "token_endpoint_auth_method":"none" """, "grant_types", "authenticates")]
    [InlineData(Service, """ "grant_types":["client_credentials","refresh_token"] """, "grant_types", "beside it")]
    [InlineData(Service, """ "grant_types":[] """, "grant_types", "empty")]
    public void Refuses_grants_and_response_types_that_are_not_safe(string settings, string more, string path, string says) =>
        One(Client($$"""{ {{settings}}, {{more}} }""").Faults, path, says);

    [Fact]
    public void Takes_a_number_alone_as_seconds() =>
        Assert.Equal(
            TimeSpan.FromMinutes(5),
            Client("""{"client_id":"a","type":"service","access_token_lifetime":300}""").Client!.Client.AccessTokenLifetime
        );

    [Theory]
    [Trait("Spec", "RFC 9700 §2.1.1")]
    [Trait("Spec", "RFC 8252 §8.5")]
    [Trait("Spec", "OIDC Core §9")]
    [Trait("Spec", "OIDC Core §10.1")]
    [Trait("Spec", "RFC 7517 §5")]
    [Trait("Spec", "RFC 6749 §3.3")]
    [Trait("Spec", "RFC 8705 §2.1.2")]
    [Trait("Spec", "RFC 8705 §2.2.2")]
    [InlineData(""" "token_endpoint_auth_method":"none","require_pkce":false """, "require_pkce", "authenticate")]
    [InlineData(""" "type":"spa","token_endpoint_auth_method":"client_secret_basic" """, "token_endpoint_auth_method", "PKCE")]
    [InlineData(""" "type":"native","token_endpoint_auth_method":"client_secret_post" """, "token_endpoint_auth_method", "PKCE")]
    [InlineData(
        """ "token_endpoint_auth_method":"client_secret_jwt","token_endpoint_auth_signing_alg":"ES256" """,
        "token_endpoint_auth_signing_alg",
        "HS256"
    )]
    [InlineData(
        """ "token_endpoint_auth_method":"private_key_jwt","jwks_uri":"https://rp.example/k","token_endpoint_auth_signing_alg":"HS256" """,
        "token_endpoint_auth_signing_alg",
        "not one of"
    )]
    [InlineData(""" "token_endpoint_auth_method":"client_secret_basics" """, "token_endpoint_auth_method", "closest is 'client_secret_basic'")]
    [InlineData(""" "token_endpoint_auth_method":"private_key_jwt" """, "jwks", "missing")]
    [InlineData(""" "token_endpoint_auth_signing_alg":"ES256" """, "token_endpoint_auth_signing_alg", "private_key_jwt")]
    [InlineData(""" "token_endpoint_auth_method":"none","client_secret":{"env":"X"} """, "client_secret", "leave the secret out")]
    [InlineData(""" "token_endpoint_auth_method":"none","id_token_signed_response_alg":"HS256" """, "id_token_signed_response_alg", "secret")]
    [InlineData(""" "id_token_signed_response_alg":"none" """, "id_token_signed_response_alg", "unsigned")]
    [InlineData(""" "id_token_signed_response_alg":"ES512" """, "id_token_signed_response_alg", "not one of")]
    [InlineData(""" "jwks":{"keys":[]} """, "jwks", "no key")]
    [InlineData(""" "jwks":{} """, "jwks", "Key Set")]
    [InlineData(""" "jwks":{"keys":[{"kty":"oct","k":"AAAA"}]} """, "jwks", "private or secret")]
    [InlineData(""" "jwks_uri":"http://rp.example/jwks" """, "jwks_uri", "https")]
    [InlineData(""" "jwks_uri":"https://rp.example:6379/jwks" """, "jwks_uri", "8443")]
    [InlineData(""" "jwks_uri":"https://2130706433/jwks" """, "jwks_uri", "plain")]
    [InlineData(""" "token_endpoint_auth_method":"tls_client_auth" """, "token_endpoint_auth_method", "exactly one")]
    [InlineData(
        """ "token_endpoint_auth_method":"tls_client_auth","tls_client_auth_san_dns":"a.test","tls_client_auth_subject_dn":"CN=a" """,
        "tls_client_auth_san_dns",
        "exactly one"
    )]
    [InlineData(
        """ "token_endpoint_auth_method":"tls_client_auth","tls_client_auth_subject_dn":"bank" """,
        "tls_client_auth_subject_dn",
        "For example CN"
    )]
    [InlineData(""" "tls_client_auth_san_ip":"192.0.2.1" """, "tls_client_auth_san_ip", "only with tls_client_auth")]
    [InlineData(""" "token_endpoint_auth_method":"self_signed_tls_client_auth" """, "jwks", "by its key")]
    [InlineData(
        """ "dpop_bound_access_tokens":true,"tls_client_certificate_bound_access_tokens":true """,
        "tls_client_certificate_bound_access_tokens",
        "one key"
    )]
    [InlineData(""" "client_secret":"plain" """, "client_secret", "file")]
    [InlineData(""" "client_secret":{} """, "client_secret", "exactly one")]
    [InlineData(""" "client_secret":{"file":"a","env":"B"} """, "client_secret", "exactly one")]
    [InlineData(""" "client_secret":{"flie":"a","env":"B"} """, "client_secret.flie", "closest is 'file'")]
    [InlineData(""" "application_type":"native","type":"web" """, "application_type", "contradicts")]
    [InlineData(""" "scope":"a\"b" """, "scope", "no scope may hold")]
    public void Refuses_settings_that_contradict_each_other(string more, string path, string says) =>
        One(Client($$"""{ {{Web}}, {{more}} }""").Faults, path, says);

    [Theory]
    [Trait("Spec", "RFC 9700 §4.1")]
    [Trait("Spec", "RFC 6749 §3.1.2")]
    [InlineData("web", "javascript:alert(1)", "https")]
    [InlineData("native", "javascript:alert(1)", "private-use")]
    [InlineData("native", "data:text/html,x", "private-use")]
    [InlineData("native", "myapp:/cb", "dot")]
    [InlineData("native", "com.app://host/cb", "dot")]
    [InlineData("web", "https://*.rp.example/cb", "wildcard")]
    [InlineData("web", "https://rp.example/*", "wildcard")]
    [InlineData("web", "https://rp.example/cb#x", "fragment")]
    [InlineData("web", "https://rp.example/cb?code=x", "names a parameter")]
    [InlineData("web", "https://rp.example/cb?a=1&iss=x", "names a parameter")]
    [InlineData("web", "https://a@rp.example/cb", "exact")]
    [InlineData("web", "https://rp.example/a/../cb", "exact")]
    [InlineData("web", "http://rp.example/cb", "Use https")]
    [InlineData("web", "http://127.0.0.1/cb", "native")]
    [InlineData("spa", "http://localhost:3000/cb", "native")]
    [InlineData("web", "com.example.app:/cb", "https")]
    [InlineData("web", "/cb", "https")]
    public void Refuses_redirect_addresses_that_others_could_receive(string type, string uri, string says)
    {
        foreach (var member in new[] { "redirect_uris", "post_logout_redirect_uris" })
        {
            var others = member == "redirect_uris" ? "" : ""","redirect_uris":["https://rp.example/cb"]""";
            var (_, faults) = Client($$"""{"client_id":"a","type":"{{type}}","{{member}}":["{{uri}}"]{{others}}}""");
            One(faults, member + "[0]", says);
            Assert.Equal(Reason.RedirectUriNotAcceptable, faults[0].Reason);
        }
    }

    [Theory]
    [InlineData("native", "http://127.0.0.1/cb", false)]
    [InlineData("native", "http://[::1]:8080/cb", false)]
    [InlineData("native", "com.example.app:/cb", false)]
    [InlineData("mcp", "http://localhost:33418/cb", false)]
    [InlineData("web", "http://127.0.0.1:5000/cb", true)]
    [InlineData("spa", "http://localhost:3000/cb", true)]
    [InlineData("web", "https://rp.example/cb?tenant=1", false)]
    public void Accepts_redirect_addresses_that_only_the_client_receives(string type, string uri, bool onLoopback) =>
        Assert.Empty(Client($$"""{"client_id":"a","type":"{{type}}","redirect_uris":["{{uri}}"]}""", onLoopback).Faults);

    [Theory]
    [Trait("Spec", "RFC 6749 §3.1.2.2")]
    [InlineData("""{"client_id":"a","type":"web"}""", "missing")]
    [InlineData("""{"client_id":"a","type":"web","redirect_uris":[]}""", "empty")]
    [InlineData("""{"client_id":"a","type":"service","redirect_uris":["https://rp.example/cb"]}""", "no use")]
    public void Demands_redirect_addresses_where_they_have_a_use(string text, string says) => One(Client(text).Faults, "redirect_uris", says);

    [Theory]
    [InlineData(""" "client_id":"a b" """, "client_id")]
    [InlineData(""" "client_id":"" """, "client_id")]
    [InlineData(""" "client_id":7 """, "client_id")]
    [InlineData(""" "client_id":"a","client_name":"pay\u202Epal" """, "client_name")]
    [InlineData(""" "client_id":"a","client_name":"a\u0000b" """, "client_name")]
    [InlineData(""" "client_id":"a","client_name":" a" """, "client_name")]
    [InlineData(""" "client_id":"a","client_name":null """, "client_name")]
    [InlineData(""" "client_id":"a","type":"Web" """, "type")]
    [InlineData(""" "client_id":"a","disabled":"yes" """, "disabled")]
    [InlineData(""" "client_id":"a","default_max_age":-1 """, "default_max_age")]
    [InlineData(""" "client_id":"a","default_max_age":1e400 """, "default_max_age")]
    [InlineData(""" "client_id":"a","default_max_age":1.5 """, "default_max_age")]
    [InlineData(""" "client_id":"a","contacts":["a","a"] """, "contacts[1]")]
    [InlineData(""" "client_id":"a","contacts":[1] """, "contacts[0]")]
    [InlineData(""" "client_id":"a","contacts":{} """, "contacts")]
    [InlineData(""" "client_id":"a","logo_uri":"javascript:alert(1)" """, "logo_uri")]
    [InlineData(""" "client_id":"a","client_uri":"http://rp.example" """, "client_uri")]
    [InlineData(""" "client_id":"a","access_token_lifetime":"25h" """, "access_token_lifetime")]
    [InlineData(""" "client_id":"a","access_token_lifetime":6.5 """, "access_token_lifetime")]
    [InlineData(""" "client_id":"a","refresh_token_lifetime":"366d" """, "refresh_token_lifetime")]
    [InlineData(""" "client_id":"a","allow_unsafe":["require_pkce"] """, "allow_unsafe[0]")]
    public void Refuses_values_of_a_wrong_type_or_form(string settings, string path)
    {
        var (document, faults) = Client($$"""{ {{settings}}, "redirect_uris":["https://rp.example/cb"] }""");
        Assert.Null(document);
        Assert.Contains(faults, f => f.Path == path);
    }

    [Theory]
    [InlineData("redirect_uri", "redirect_uris")]
    [InlineData("redirectUris", "redirect_uris")]
    [InlineData("client_nmae", "client_name")]
    [InlineData("requirepkce", "require_pkce")]
    [InlineData("token_endpoint_auth_methods", "token_endpoint_auth_method")]
    public void Names_the_closest_setting_of_an_unknown_one(string typed, string closest)
    {
        var (_, faults) = Client($$"""{ {{Web}}, "{{typed}}":true }""");
        One(faults, typed, $"closest is '{closest}'");
        Assert.Equal(Reason.UnknownSetting, faults[0].Reason);
    }

    [Fact]
    public void Reports_all_faults_at_once()
    {
        var (_, faults) = Client("""{"client_id":"a b","type":"wbe","redirect_uris":["http://x/"],"grant_types":["password"],"x":1}""");
        Assert.Equal(
            ["client_id", "type", "grant_types[0]", "redirect_uris[0]", "x"],
            faults.Select(f => f.Path).Intersect(["client_id", "type", "grant_types[0]", "redirect_uris[0]", "x"])
        );
    }

    [Fact]
    public void Exceeds_a_safe_bound_only_where_it_is_named()
    {
        var (refused, faults) = Client($$"""{ {{Web}}, "access_token_lifetime":"48h" }""");
        Assert.Null(refused);
        Assert.Contains("allow_unsafe", Assert.Single(faults).Hint, StringComparison.Ordinal);
        Assert.Empty(Client($$"""{ {{Web}}, "access_token_lifetime":"48h","allow_unsafe":["access_token_lifetime"] }""").Faults);
    }

    [Fact]
    [Trait("Spec", "RFC 7591 §2")]
    public void Keys_are_registered_or_at_an_address_but_not_both() =>
        One(Client($$"""{ {{Web}}, "jwks":{{Key}},"jwks_uri":"https://rp.example/k" }""").Faults, "jwks_uri", "beside");
}
