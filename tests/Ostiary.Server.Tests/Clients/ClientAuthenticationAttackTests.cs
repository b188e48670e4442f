using System.Net;
using System.Text;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Clients;

public sealed class ClientAuthenticationAttackTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private TestServer Server => shared.Server;

    [
        Theory,
        Trait("Spec", "RFC 6749 §2.3"),
        Trait("Spec", "RFC 6749 §2.3.1"),
        Trait("Spec", "RFC 6749 §3.2.1"),
        Trait("Spec", "OIDC Core §9"),
        Trait("Spec", "RFC 6749 §5.2")
    ]
    [InlineData("m2m:SECRET", "client_secret=SECRET", 400, "invalid_request", "OST3002")] // C01
    [InlineData("m2m:SECRET", "client_assertion=a.b.c", 400, "invalid_request", "OST3002")]
    [InlineData(null, "client_id=m2m&client_secret=SECRET&client_assertion=a.b.c", 400, "invalid_request", "OST3002")]
    [InlineData(null, "client_id=m2m&client_secret=SECRET", 401, "invalid_client", "OST3007")] // C02
    [InlineData("post:SECRET", "", 401, "invalid_client", "OST3007")]
    [InlineData("spa:", "", 401, "invalid_client", "OST3021")] // An empty secret is none: it is the client, and may not use the grant.
    [InlineData("pk:SECRET", "", 401, "invalid_client", "OST3007")]
    [InlineData(null, "client_id=m2m", 401, "invalid_client", "OST3001")] // C03
    [InlineData(null, "client_id=pk", 401, "invalid_client", "OST3001")]
    [InlineData(null, "", 401, "invalid_client", "OST3001")]
    [InlineData(null, "client_secret=SECRET", 401, "invalid_client", "OST3001")]
    [InlineData(null, "client_id=", 401, "invalid_client", "OST3001")]
    [InlineData("m2m:SECRET", "client_id=web2", 400, "invalid_request", "OST3004")] // C05
    [InlineData("m2m:wrong", "", 401, "invalid_client", "OST3008")] // C06
    [InlineData("nobody:SECRET", "", 401, "invalid_client", "OST3008")]
    [InlineData("m2m:", "", 401, "invalid_client", "OST3008")] // C08
    [InlineData("M2M:SECRET", "", 401, "invalid_client", "OST3008")] // C30
    [InlineData("m2m+:SECRET", "", 401, "invalid_client", "OST3008")]
    [InlineData("m2m%20:SECRET", "", 401, "invalid_client", "OST3008")]
    [InlineData("m%EF%BC%92m:SECRET", "", 401, "invalid_client", "OST3008")]
    [InlineData("m2m%00:SECRET", "", 401, "invalid_client", "OST3003")] // C04
    [InlineData("m2m:%zz", "", 401, "invalid_client", "OST3003")]
    [InlineData("m2m:%ff", "", 401, "invalid_client", "OST3003")]
    [InlineData("m2m", "", 401, "invalid_client", "OST3003")]
    [InlineData(":SECRET", "", 401, "invalid_client", "OST3003")]
    [InlineData("m2m:SECRET&x=1", "", 401, "invalid_client", "OST3003")]
    public async Task C01_to_C08_refuses_other_credentials(string? basic, string body, int status, string error, string code)
    {
        var header = basic is null ? null : "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(Filled(basic)));

        var answer = await SendAsync(header, Filled(body));

        answer.ShouldBeRefused(error, code, (HttpStatusCode)status);
        Assert.Equal(status == 401, answer.Response.Headers.WwwAuthenticate.Count > 0);
        Verdicts.ShouldTellNothing(answer.Response, answer.Json.ToString());
    }

    [Theory, Trait("Spec", "RFC 6749 §2.3.1")]
    [InlineData("Basic !!!")]
    [InlineData("Basic")]
    [InlineData("Basic ")]
    [InlineData("Basic  bTJtOng=")]
    [InlineData("Bearer eyJhbGciOiJub25lIn0.e30.")]
    [InlineData("Digest username=m2m")]
    public async Task C04_and_J02_another_header_is_no_authentication_and_not_ignored(string header)
    {
        (await SendAsync(header, "client_id=spa")).ShouldBeRefused("invalid_client", "OST3003", HttpStatusCode.Unauthorized);
    }

    [Fact, Trait("Spec", "RFC 6749 §2.3")]
    public async Task C01_refuses_two_authorization_headers()
    {
        var basic = "Authorization: Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("m2m:" + TestServer.WebSecret));
        const string form = "Content-Type: application/x-www-form-urlencoded";

        var answer = await RawHttp.SendAsync(Server, RawHttp.Request("POST /token HTTP/1.1", "grant_type=client_credentials", form, basic, basic));

        Assert.Equal(400, RawHttp.StatusOf(answer));
        Assert.Contains("OST3002", answer, StringComparison.Ordinal);
    }

    [Fact, Trait("Spec", "RFC 6749 §2.3.1")]
    public async Task C04_ids_and_secrets_are_form_encoded_in_the_header()
    {
        const string secret = "a:b+c d%e&f=g/\u00e9\u20ac-of-more-than-thirty-two-characters";
        await Server.AddClientAsync("""{"client_id":"odd:id@x","type":"service","scope":"read"}""", secret);
        var encoded = Uri.EscapeDataString("odd:id@x") + ":" + Uri.EscapeDataString(secret).Replace("%20", "+", StringComparison.Ordinal);

        var answer = await SendAsync("bAsIc " + Convert.ToBase64String(Encoding.ASCII.GetBytes(encoded)), "");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
    }

    [Fact, Trait("Spec", "RFC 6819 §5.1.4.2.3")]
    public async Task C06_who_is_unknown_and_who_errs_get_the_same_answer()
    {
        var wrong = await SendAsync("Basic " + Convert.ToBase64String("m2m:wrong"u8), "");
        var unknown = await SendAsync("Basic " + Convert.ToBase64String("nobody:wrong"u8), "");
        await Server.AddClientAsync("""{"client_id":"gone","type":"service","scope":"read","disabled":true}""", TestServer.WebSecret);
        var disabled = await SendAsync("Basic " + Convert.ToBase64String("gone:wrong"u8), "");

        Assert.Equal(wrong.Json.ToString(), unknown.Json.ToString());
        Assert.Equal(wrong.Json.ToString(), disabled.Json.ToString());
        Assert.True(await Server.RefusedWithAsync(Reason.AuthenticatingClientDisabled));
        Assert.Equal(wrong.Response.Headers.WwwAuthenticate.ToString(), unknown.Response.Headers.WwwAuthenticate.ToString());
    }

    [Fact, Trait("Spec", "RFC 6819 §5.1.4.2.3")]
    public async Task C07_guessing_is_slowed_down_and_nobody_is_locked_out()
    {
        await Server.AddClientAsync("""{"client_id":"target","type":"service","scope":"read"}""", TestServer.WebSecret);
        var wrong = "Basic " + Convert.ToBase64String("target:wrong"u8);
        for (var i = 0; i < 20; i++)
            (await SendAsync(wrong, "")).ShouldBeRefused("invalid_client", "OST3008", HttpStatusCode.Unauthorized);

        var next = await SendAsync(wrong, "");
        var right = await SendAsync("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("target:" + TestServer.WebSecret)), "");
        Server.Time.Advance(TimeSpan.FromMinutes(1));

        next.ShouldBeRefused("invalid_client", "OST3020", HttpStatusCode.TooManyRequests);
        Assert.NotNull(next.Response.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.OK, right.Status);
        (await SendAsync(wrong, "")).ShouldBeRefused("invalid_client", "OST3008", HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task C07_made_up_names_share_one_count()
    {
        await using var server = await TestServer.StartAsync();
        using var http = server.NewHttp();
        var codes = new List<string?>();
        for (var i = 0; i < 21; i++)
        {
            using var guess = new TokenClient(server, "nobody-" + i);
            codes.Add((await guess.TokenAsync(("grant_type", "client_credentials"))).Code);
        }

        Assert.Equal("OST3008", codes[19]);
        Assert.Equal("OST3020", codes[20]);
    }

    [Fact]
    public async Task C09_a_long_secret_is_refused_before_it_is_hashed()
    {
        (await SendAsync(null, "client_id=post&client_secret=" + new string('s', 50_000))).ShouldBeRefused(
            "invalid_client",
            "OST3008",
            HttpStatusCode.Unauthorized
        );
        (await SendAsync("Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes("m2m:" + new string('s', 5_000))), "")).ShouldBeRefused(
            "invalid_client",
            "OST3003",
            HttpStatusCode.Unauthorized
        );
    }

    [Fact, Trait("Spec", "RFC 7591 §3.2.1")]
    public async Task C08_an_expired_secret_is_over()
    {
        await Server.AddClientAsync("""{"client_id":"aged","type":"service","scope":"read"}""", TestServer.WebSecret);
        await Server.ChangeAsync(set =>
        {
            var document = set.Clients["aged"];
            var secret = document.Client.Secrets[0] with { ExpiresAt = Server.Time.Now };
            return set.With(document with { Client = document.Client with { Secrets = [secret] } });
        });
        using var aged = new TokenClient(Server, "aged");

        (await aged.TokenAsync(("grant_type", "client_credentials"))).ShouldBeRefused("invalid_client", "OST3008", HttpStatusCode.Unauthorized);
        Assert.True(await Server.RefusedWithAsync(Reason.SecretExpired));
    }

    [Fact]
    public async Task C26_a_certificate_in_a_header_is_nobody()
    {
        const string form = "Content-Type: application/x-www-form-urlencoded";
        const string certificate = "X-Client-Cert: -----BEGIN CERTIFICATE-----";

        var answer = await RawHttp.SendAsync(
            Server,
            RawHttp.Request("POST /token HTTP/1.1", "grant_type=client_credentials&client_id=m2m", form, certificate, "X-SSL-Cert: x")
        );

        Assert.Equal(401, RawHttp.StatusOf(answer));
    }

    [Fact]
    public async Task The_log_tells_the_operator_what_the_peer_does_not_learn()
    {
        await SendAsync("Basic " + Convert.ToBase64String("nobody:wrong"u8), "");

        Assert.True(await Server.RefusedWithAsync(Reason.AuthenticatingClientUnknown));
    }

    private static string Filled(string text) => text.Replace("SECRET", TestServer.WebSecret, StringComparison.Ordinal);

    private async Task<Answer> SendAsync(string? authorization, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Server.Issuer + "/token");
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        request.Content = new StringContent("grant_type=client_credentials&" + body, Encoding.UTF8, "application/x-www-form-urlencoded");
        return await shared.Robot.SendAsync(request);
    }
}
