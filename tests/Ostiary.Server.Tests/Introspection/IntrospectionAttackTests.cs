using System.Net;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Introspection;

public sealed class IntrospectionAttackTests(SharedServer shared) : IClassFixture<SharedServer>
{
    [Fact, Trait("Spec", "RFC 7662 §2"), Trait("Spec", "RFC 7662 §2.2")]
    public async Task The_api_of_a_token_and_its_client_are_told_what_it_says()
    {
        var tokens = await shared.TokensAsync("web", ("scope", "openid read"));

        var api = await AskAsync(shared.Api, tokens["access_token"]!);
        var client = await AskAsync(shared.Web, tokens["access_token"]!);

        Assert.Equal(("True", "usr_alice", "web", "https://api.example"), (api["active"], api["sub"], api["client_id"], api["aud"]));
        Assert.Equal(("openid read", "alice", "Bearer", shared.Server.Issuer), (api["scope"], api["username"], api["token_type"], api["iss"]));
        Assert.Equal("True", client["active"]);
        Assert.Contains("no-store", api.Response.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
    }

    [Fact, Trait("Spec", "RFC 7662 §4"), Trait("Spec", "RFC 7662 §2.1")]
    public async Task J01_J04_and_J05_others_learn_nothing_at_all()
    {
        using var foreign = new TokenClient(shared.Server, "rs2");
        var tokens = await shared.TokensAsync("web", ("scope", "openid read"));
        var revoked = await shared.TokensAsync("web", ("scope", "openid read"));
        await shared.Web.PostAsync("/revoke", ("token", revoked["access_token"]!));

        Answer[] answers =
        [
            await AskAsync(foreign, tokens["access_token"]!),
            await AskAsync(shared.Web2, tokens["access_token"]!),
            await AskAsync(shared.Api, tokens["refresh_token"]!),
            await AskAsync(shared.Api, revoked["access_token"]!), // J06
            await AskAsync(shared.Api, tokens["id_token"]!),
            await AskAsync(shared.Api, "garbage"),
            await AskAsync(shared.Api, new string('x', 60_000)),
            await AskAsync(shared.Api, "\u20ac\u202e"),
            await AskAsync(shared.Api, tokens["access_token"]! + "="), // E22
            await AskAsync(shared.Api, tokens["access_token"]! + " "),
            await AskAsync(shared.Api, tokens["access_token"]![..^2]),
            await AskAsync(shared.Api, CredentialText.Format(CredentialText.AccessToken, new byte[200])),
        ];

        foreach (var answer in answers)
            Assert.Equal((HttpStatusCode.OK, """{"active":false}"""), (answer.Status, answer.Json.GetRawText()));
        Assert.Equal("refresh_token", (await AskAsync(shared.Web, tokens["refresh_token"]!))["token_type"]);
        Assert.True(await shared.Server.RefusedWithAsync(Reason.NotTheAddressee));
        Assert.True(await shared.Server.RefusedWithAsync(Reason.TokenUnknown));
    }

    [Fact, Trait("Spec", "RFC 7662 §2.2")]
    public async Task J05_an_expired_token_is_inactive()
    {
        var tokens = await shared.TokensAsync("web", ("scope", "openid read"));
        shared.Server.Time.Advance(TimeSpan.FromSeconds(599));
        var last = await AskAsync(shared.Api, tokens["access_token"]!);
        shared.Server.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("True", last["active"]);
        Assert.Equal("""{"active":false}""", (await AskAsync(shared.Api, tokens["access_token"]!)).Json.GetRawText());
    }

    [Fact, Trait("Spec", "RFC 7662 §2.1")]
    public async Task J02_only_a_client_that_authenticates_may_ask()
    {
        var tokens = await shared.TokensAsync("spa", ("scope", "openid read"));
        using var nobody = new TokenClient(shared.Server, "rs", secret: null);
        using var wrong = new TokenClient(shared.Server, "rs", "wrong");

        (await AskAsync(nobody, tokens["access_token"]!)).ShouldBeRefused("invalid_client", "OST3001", HttpStatusCode.Unauthorized);
        (await AskAsync(wrong, tokens["access_token"]!)).ShouldBeRefused("invalid_client", "OST3008", HttpStatusCode.Unauthorized);
        (await AskAsync(shared.Spa, tokens["access_token"]!)).ShouldBeRefused("invalid_client", "OST3021", HttpStatusCode.Unauthorized);
        using var bearer = new HttpRequestMessage(HttpMethod.Post, shared.Server.Issuer + "/introspect")
        {
            Content = new FormUrlEncodedContent([new("token", tokens["access_token"]!)]),
        };
        bearer.Headers.Authorization = new("Bearer", tokens["access_token"]);
        (await shared.Api.SendAsync(bearer)).ShouldBeRefused("invalid_client", "OST3003", HttpStatusCode.Unauthorized);
    }

    [Fact, Trait("Spec", "RFC 7662 §2.1"), Trait("Spec", "RFC 7009 §2.1")]
    public async Task A_request_without_a_token_is_no_request()
    {
        (await shared.Api.PostAsync("/introspect")).ShouldBeRefused("invalid_request", "OST2040");
        (await shared.Api.PostAsync("/introspect", ("token", ""))).ShouldBeRefused("invalid_request", "OST2040");
        (await shared.Api.PostAsync("/introspect", ("token", "a"), ("token", "a"))).ShouldBeRefused("invalid_request", "OST1003");
        (await shared.Api.PostAsync("/revoke")).ShouldBeRefused("invalid_request", "OST2040");
    }

    [Fact]
    public async Task J05_a_token_of_a_disabled_client_or_user_is_inactive()
    {
        await using var server = await TestServer.StartAsync();
        using var browser = server.NewBrowser();
        using var web = new TokenClient(server, "web");
        using var api = new TokenClient(server, "rs");
        using var robot = new TokenClient(server, "m2m");
        var person = await web.SignInAsync(browser, "openid read");
        var machine = await robot.TokenAsync(("grant_type", "client_credentials"));
        Assert.Equal(
            ("True", "True"),
            ((await AskAsync(api, person["access_token"]!))["active"], (await AskAsync(api, machine["access_token"]!))["active"])
        );

        await server.DisableUserAsync("alice");
        await server.AddClientAsync("""{"client_id":"m2m","type":"service","scope":"read","disabled":true}""", TestServer.WebSecret);

        Assert.Equal("""{"active":false}""", (await AskAsync(api, person["access_token"]!)).Json.GetRawText());
        Assert.Equal("""{"active":false}""", (await AskAsync(api, machine["access_token"]!)).Json.GetRawText());
    }

    [Fact, Trait("Spec", "RFC 7662 §2.2")]
    public async Task An_opaque_token_is_read_by_its_api_alone()
    {
        await shared.Server.AddApiAsync(
            """{"identifier":"https://sealed.example","token_format":"opaque","scopes":[{"name":"sealed","description":"Sealed"}],"resource_server_clients":["rs"]}"""
        );
        await shared.Server.AddClientAsync("""{"client_id":"sealer","type":"service","scope":"sealed"}""", TestServer.WebSecret);
        using var sealer = new TokenClient(shared.Server, "sealer");

        var token = (await sealer.TokenAsync(("grant_type", "client_credentials"), ("scope", "sealed")))["access_token"]!;

        Assert.StartsWith(CredentialText.AccessToken, token, StringComparison.Ordinal);
        Assert.Equal("True", (await AskAsync(shared.Api, token))["active"]);
        Assert.Equal("False", (await AskAsync(shared.Web2, token))["active"]);
        for (var i = CredentialText.AccessToken.Length; i < token.Length; i += 7)
        {
            var mangled = token[..i] + (token[i] == 'A' ? 'B' : 'A') + token[(i + 1)..];
            Assert.Equal("""{"active":false}""", (await AskAsync(shared.Api, mangled)).Json.GetRawText());
        }
    }

    private static Task<Answer> AskAsync(TokenClient client, string token) => client.PostAsync("/introspect", ("token", token));
}
