using System.Net;
using System.Text.Json.Nodes;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Registration;

/// <summary>What a client does with its own registration, and what nobody else does with it (K04).</summary>
public sealed class ManagementTests : IAsyncLifetime
{
    private TestServer _server = null!;
    private Registrant _registrant = null!;

    public async ValueTask InitializeAsync() => _registrant = new(_server = await Registrant.ServerAsync());

    public async ValueTask DisposeAsync()
    {
        _registrant.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    [Trait("Spec", "RFC 7592 §2.1")]
    [Trait("Spec", "RFC 7592 §3")]
    public async Task A_client_reads_itself()
    {
        var (uri, token, id) = Of(await _registrant.RegisterAsync());

        var answer = await _registrant.SendAsync(HttpMethod.Get, uri, null, token);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal((id, "RP", uri), (answer["client_id"]!, answer["client_name"]!, answer["registration_client_uri"]!));
        Assert.Null(answer["client_secret"]); // Only its hash is kept.
    }

    [Fact]
    [Trait("Spec", "RFC 7592 §2.2")]
    public async Task A_client_replaces_its_metadata_and_gets_a_new_token()
    {
        var first = await _registrant.RegisterAsync(
            """{"redirect_uris":["https://rp.test/cb"],"client_name":"RP","policy_uri":"https://rp.test/p"}"""
        );
        var (uri, token, id) = Of(first);

        var answer = await _registrant.SendAsync(
            HttpMethod.Put,
            uri,
            $$"""{"client_id":"{{id}}","client_secret":"{{first["client_secret"]}}","redirect_uris":["https://rp.test/new"],"scope":"openid read"}""",
            token
        );

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("""["https://rp.test/new"]""", answer["redirect_uris"]);
        Assert.Null(answer["client_name"]);
        Assert.Null(answer["policy_uri"]);
        Assert.Null(answer["client_secret"]); // The one that it has stays.
        Assert.Equal("openid", answer["scope"]);
        Assert.NotEqual(token, answer["registration_access_token"]);
        Refused(await _registrant.SendAsync(HttpMethod.Get, uri, null, token));
        Assert.Equal(HttpStatusCode.OK, (await _registrant.SendAsync(HttpMethod.Get, uri, null, answer["registration_access_token"])).Status);
    }

    [Fact]
    [Trait("Spec", "RFC 7592 §2.2")]
    public async Task A_change_names_the_client_and_its_secret()
    {
        var (uri, token, id) = Of(await _registrant.RegisterAsync());
        const string rest = "\"redirect_uris\":[\"https://rp.test/cb\"]";

        foreach (
            var body in new[]
            {
                $$"""{{{rest}}}""",
                $$"""{"client_id":"web",{{rest}}}""",
                $$"""{"client_id":"{{id}}","client_secret":"{{TestServer.WebSecret}}",{{rest}}}""",
                $$"""{"client_id":"{{id}}","client_secret":1,{{rest}}}""",
            }
        )
            (await _registrant.SendAsync(HttpMethod.Put, uri, body, token)).ShouldBeRefused("invalid_client_metadata", "OST2212");
        (await _registrant.SendAsync(HttpMethod.Put, uri, "[]", token)).ShouldBeRefused("invalid_client_metadata", "OST2206");
        // Nothing of that was a change: the token is the same.
        Assert.Equal(HttpStatusCode.OK, (await _registrant.SendAsync(HttpMethod.Get, uri, null, token)).Status);
    }

    [Fact]
    [Trait("Spec", "RFC 7591 §3")]
    public async Task Where_registration_was_turned_off_clients_can_still_go()
    {
        var (uri, token, id) = Of(await _registrant.RegisterAsync());
        await _server.AdministerAsync("POST", "/config/apply", """{"configuration":{"issuer":{}}}""");

        (
            await _registrant.SendAsync(HttpMethod.Put, uri, $$"""{"client_id":"{{id}}","redirect_uris":["https://rp.test/cb"]}""", token)
        ).ShouldBeRefused("access_denied", "OST2201", HttpStatusCode.Forbidden);
        Assert.Equal(HttpStatusCode.NoContent, (await _registrant.SendAsync(HttpMethod.Delete, uri, null, token)).Status);
    }

    [Fact]
    [Trait("Spec", "RFC 7592 §2.3")]
    public async Task A_client_deletes_itself_and_its_tokens_end()
    {
        var (uri, token, id) = Of(await _registrant.RegisterAsync(Registrant.Public));
        using var client = new TokenClient(_server, id, null);
        using var browser = _server.NewBrowser();
        var tokens = await client.SignInAsync(browser, "openid");
        Assert.Equal(HttpStatusCode.OK, (await client.UserInfoAsync(tokens["access_token"]!)).Status);

        Assert.Equal(HttpStatusCode.NoContent, (await _registrant.SendAsync(HttpMethod.Delete, uri, null, token)).Status);

        Assert.Equal(HttpStatusCode.Unauthorized, (await client.UserInfoAsync(tokens["access_token"]!)).Status);
        Refused(await _registrant.SendAsync(HttpMethod.Get, uri, null, token));
        Refused(await _registrant.SendAsync(HttpMethod.Delete, uri, null, token));
    }

    [Fact]
    [Trait("Spec", "RFC 7592 §2")]
    public async Task A_token_is_good_for_its_own_client_only_K04()
    {
        var (uri, token, _) = Of(await _registrant.RegisterAsync());
        var (other, otherToken, _) = Of(await _registrant.RegisterAsync());
        var initial = await _registrant.InitialTokenAsync();

        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Put, HttpMethod.Delete })
        {
            Refused(await _registrant.SendAsync(method, uri, "{}", otherToken));
            Refused(await _registrant.SendAsync(method, other, "{}", token));
            Refused(await _registrant.SendAsync(method, uri, "{}", initial));
            Refused(await _registrant.SendAsync(method, uri, "{}", null));
            Refused(await _registrant.SendAsync(method, uri + "?access_token=" + token, "{}", null));
            Refused(await _registrant.SendAsync(method, uri, "{}", "=Bearer"));
            Refused(await _registrant.SendAsync(method, "/register/web", "{}", token));
            Refused(await _registrant.SendAsync(method, "/register/nobody", "{}", token));
        }
    }

    [Fact]
    [Trait("Spec", "RFC 7592 §2")]
    public async Task A_client_that_the_operator_disabled_does_not_let_itself_in_again()
    {
        var (uri, token, id) = Of(await _registrant.RegisterAsync());
        await _server.AdministerAsync("POST", $"/clients/{id}/disable");

        Refused(await _registrant.SendAsync(HttpMethod.Put, uri, $$"""{"client_id":"{{id}}","redirect_uris":["https://rp.test/cb"]}""", token));
        Assert.True(_server.Server.Configuration.Current.Client(id)!.Disabled);
    }

    [Fact]
    [Trait("Spec", "RFC 7592 §3")]
    public async Task Tokens_are_kept_as_hashes_and_the_rest_survives_a_reload_K04()
    {
        var (uri, token, id) = Of(await _registrant.RegisterAsync());
        var initial = await _registrant.InitialTokenAsync();
        var stored = await _server.Server.Issuer.Stores.Documents.LoadAsync(TestContext.Current.CancellationToken);

        var text = string.Concat(stored.Documents.Select(d => d.Json));
        Assert.DoesNotContain(token, text, StringComparison.Ordinal);
        Assert.DoesNotContain(initial, text, StringComparison.Ordinal);
        var set = Ostiary.Server.Configuration.StoredDocuments.Read(stored);
        Assert.Equal(_server.Server.Configuration.CurrentSet.Clients[id].Registration, set.Clients[id].Registration);
        Assert.True(set.Clients[id].Client.Registered);
        Assert.Equal(_server.Server.Configuration.CurrentSet.InitialTokens.Values.Single(), set.InitialTokens.Values.Single());
        Assert.NotNull(JsonNode.Parse(stored.Documents.Single(d => d.Id == id).Json)!["declared"]);
        Assert.Equal(HttpStatusCode.OK, (await _registrant.SendAsync(HttpMethod.Get, uri, null, token)).Status);
    }

    private static (string Uri, string Token, string Id) Of(Answer registered)
    {
        Assert.Equal(HttpStatusCode.Created, registered.Status);
        return (registered["registration_client_uri"]!, registered["registration_access_token"]!, registered["client_id"]!);
    }

    private static void Refused(Answer answer) => answer.ShouldBeRefused("invalid_token", "OST2211", HttpStatusCode.Unauthorized);
}
