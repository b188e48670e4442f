using System.Net;
using System.Text;
using Ostiary.AspNetCore.Api;
using Ostiary.Protocol.Reasons;

namespace Ostiary.AspNetCore.Tests.Api;

public sealed class IntrospectionTests
{
    private const string Opaque = "ost_at_abcdefghijklmnop";

    private static Task<ApiUnderTest> StartAsync(Action<ApiOptions>? configure = null) =>
        ApiUnderTest.StartAsync(o =>
        {
            o.Introspection = new IntrospectionCredentials("api:1", "s e/cret");
            configure?.Invoke(o);
        });

    private static string Active(string more = "") =>
        $$"""{"active":true,"sub":"alice","client_id":"web","scope":"read","aud":"https://api.example"{{more}}}""";

    [Fact]
    [Trait("Spec", "RFC 7662 §2.1")]
    [Trait("Spec", "RFC 6749 §2.3.1")]
    public async Task Asks_the_issuer_about_an_opaque_token()
    {
        await using var api = await StartAsync();
        string? asked = null;
        api.Issuer.Introspect = form =>
        {
            asked = form["token"];
            return (200, Active());
        };
        using var response = await api.GetAsync(Opaque, "/any");
        Assert.Equal("alice web alice", await response.TextAsync());
        Assert.Equal(Opaque, asked);
        Assert.Equal("Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes("api%3A1:s%20e%2Fcret")), api.Issuer.LastAuthorization);
    }

    [Theory]
    [InlineData(200, """{"active":false}""", Reason.BearerRevoked)]
    [InlineData(200, """{"active":"true"}""", Reason.IssuerUnreachable)]
    [InlineData(200, """{"active":1}""", Reason.IssuerUnreachable)]
    [InlineData(200, """{"active":null}""", Reason.IssuerUnreachable)]
    [InlineData(200, """{"active":false,"active":true}""", Reason.IssuerUnreachable)]
    [InlineData(200, """{}""", Reason.IssuerUnreachable)]
    [InlineData(200, """[true]""", Reason.IssuerUnreachable)]
    [InlineData(200, "", Reason.IssuerUnreachable)]
    [InlineData(500, """{"active":true}""", Reason.IssuerUnreachable)]
    [InlineData(401, """{"error":"invalid_client"}""", Reason.IssuerUnreachable)]
    [InlineData(302, "", Reason.IssuerUnreachable)]
    [Trait("Spec", "RFC 7662 §2.2")]
    public async Task Only_a_clear_answer_lets_a_token_in(int status, string body, Reason reason)
    {
        await using var api = await StartAsync();
        api.Issuer.Introspect = _ => (status, body);
        using var response = await api.GetAsync(Opaque);
        await api.AssertRefusedAsync(reason, response);
    }

    [Theory]
    [InlineData("""{"active":true,"sub":"a","client_id":"web","scope":"read"}""", Reason.BearerAudienceWrong)]
    [InlineData("""{"active":true,"scope":"read","aud":"https://other.example"}""", Reason.BearerAudienceWrong)]
    [InlineData("""{"active":true,"scope":"read","aud":"https://api.example","iss":"https://other.example"}""", Reason.BearerIssuerWrong)]
    [InlineData("""{"active":true,"scope":"read","aud":"https://api.example","exp":1}""", Reason.BearerExpired)]
    [InlineData("""{"active":true,"scope":"write","aud":"https://api.example"}""", Reason.BearerScopeInsufficient)]
    [InlineData("""{"active":true,"scope":["read"],"aud":"https://api.example"}""", Reason.BearerClaimsInvalid)]
    [InlineData("""{"active":true,"scope":"read","aud":"https://api.example","exp":"9999999999"}""", Reason.IssuerUnreachable)]
    [InlineData("""{"active":true,"scope":"read","aud":"https://api.example","cnf":{"jkt":"x"}}""", Reason.BearerClaimsInvalid)]
    public async Task The_issuers_word_is_checked_like_a_token(string body, Reason reason)
    {
        await using var api = await StartAsync();
        api.Issuer.Introspect = _ => (200, body);
        using var response = await api.GetAsync(Opaque);
        await api.AssertRefusedAsync(reason, response);
    }

    [Fact]
    public async Task An_issuer_that_does_not_answer_in_time_lets_nobody_in()
    {
        await using var api = await StartAsync(o => o.Backchannel.Handler = () => new SilentHandler("/introspect"));
        using var response = await api.GetAsync(Opaque);
        await api.AssertRefusedAsync(Reason.IssuerUnreachable, response);
        Assert.Equal("5", response.Headers.RetryAfter!.ToString());
    }

    [Fact]
    public async Task Without_a_cache_a_revoked_token_is_refused_at_once()
    {
        await using var api = await StartAsync();
        api.Issuer.Introspect = _ => (200, Active());
        using var before = await api.GetAsync(Opaque);
        Assert.Equal(HttpStatusCode.OK, before.StatusCode);
        api.Issuer.Introspect = _ => (200, """{"active":false}""");
        using var after = await api.GetAsync(Opaque);
        await api.AssertRefusedAsync(Reason.BearerRevoked, after);
    }

    [Fact]
    public async Task A_cache_serves_as_long_as_it_says_and_never_past_the_end_of_the_token()
    {
        await using var api = await StartAsync(o => o.IntrospectionCache = TimeSpan.FromSeconds(30));
        api.Issuer.Introspect = _ => (200, Active($",\"exp\":{api.Issuer.Now + 40}"));
        for (var i = 0; i < 3; i++)
        {
            using var response = await api.GetAsync(Opaque);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
        Assert.Equal(1, api.Issuer.Count("/introspect"));
        api.Clock.Advance(TimeSpan.FromSeconds(30));
        var end = api.Issuer.Now + 10;
        api.Issuer.Introspect = _ => (200, Active($",\"exp\":{end}"));
        using var again = await api.GetAsync(Opaque);
        Assert.Equal(2, api.Issuer.Count("/introspect"));
        api.Clock.Advance(TimeSpan.FromSeconds(10));
        api.Issuer.Introspect = _ => (200, """{"active":false}""");
        using var over = await api.GetAsync(Opaque);
        await api.AssertRefusedAsync(Reason.BearerRevoked, over);
    }

    [Fact]
    public async Task A_refusal_is_never_cached()
    {
        await using var api = await StartAsync(o => o.IntrospectionCache = TimeSpan.FromSeconds(30));
        using var before = await api.GetAsync(Opaque);
        await api.AssertRefusedAsync(Reason.BearerRevoked, before);
        api.Issuer.Introspect = _ => (200, Active());
        using var after = await api.GetAsync(Opaque);
        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
    }

    [Fact]
    [Trait("Spec", "RFC 7662 §2.2")]
    public async Task A_revoked_JWT_is_refused_where_the_api_asks()
    {
        await using var api = await StartAsync(o => o.CheckRevocation = true);
        var token = api.Issuer.AccessToken();
        api.Issuer.Introspect = _ => (200, """{"active":true}""");
        using var good = await api.GetAsync(token);
        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
        api.Issuer.Introspect = _ => (200, """{"active":false}""");
        using var revoked = await api.GetAsync(token);
        await api.AssertRefusedAsync(Reason.BearerRevoked, revoked);
        api.Issuer.Introspect = _ => (500, "");
        using var silent = await api.GetAsync(token);
        await api.AssertRefusedAsync(Reason.IssuerUnreachable, silent);
    }

    [Fact]
    public async Task The_issuer_is_not_asked_about_a_JWT_that_is_refused_anyway()
    {
        await using var api = await StartAsync(o => o.CheckRevocation = true);
        using var response = await api.GetAsync(api.Issuer.AccessToken(c => c["exp"] = 1));
        await api.AssertRefusedAsync(Reason.BearerExpired, response);
        Assert.Equal(0, api.Issuer.Count("/introspect"));
    }

    /// <summary>Everything gets through but one path, which ends as a timeout does.</summary>
    private sealed class SilentHandler(string path) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct) =>
            request.RequestUri!.AbsolutePath == path
                ? throw new TaskCanceledException("timeout", new TimeoutException())
                : base.SendAsync(request, ct);
    }
}
