using System.Net;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Grants;
using Ostiary.Server.Hosting;
using Ostiary.Server.Keys;
using Ostiary.Server.Stores;
using Ostiary.Server.Tests.Harness;
using Ostiary.Server.Tokens;

namespace Ostiary.Server.Tests.Nodes;

public sealed class NodesTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("jwt")]
    [InlineData("opaque")]
    [Trait("Spec", "RFC 7009 §2.1")]
    public async Task A_token_revoked_on_one_node_is_soon_refused_on_the_other(string format)
    {
        await using var nodes = await TwoNodes.StartAsync();
        await ConfigureAsync(nodes, format);
        var token = await TwoNodes.TokenAsync(nodes.First);
        Assert.True(await TwoNodes.IsActiveAsync(nodes.Second, token));

        using var answer = await TwoNodes.PostAsync(nodes.First, "/revoke", "m2m", ("token", token));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        Assert.False(await TwoNodes.IsActiveAsync(nodes.First, token));
        await TwoNodes.SoonAsync(async () => !await TwoNodes.IsActiveAsync(nodes.Second, token));
    }

    /// <summary>What is promised is a second; half of the rounds must keep it on a machine that does other things too.</summary>
    [Theory]
    [InlineData("jwt")]
    [InlineData("opaque")]
    [Trait("Spec", "RFC 7009 §2.1")]
    public async Task What_one_node_revokes_is_refused_within_a_second_at_the_userinfo_and_introspection_of_the_other(string format)
    {
        const int Rounds = 5;
        await using var nodes = await TwoNodes.StartAsync();
        await ConfigureAsync(nodes, format);
        await AddPersonAsync(nodes);
        var times = new List<TimeSpan>();
        for (var round = 0; round < Rounds; round++)
        {
            var (access, refresh) = await nodes.SignedInAsync("ada", round % 2 == 0 ? "https://api.example" : null);
            if (round % 2 == 1)
                Assert.Equal(HttpStatusCode.OK, await UserInfoAsync(nodes.Second, access));
            else
                Assert.True(await TwoNodes.IsActiveAsync(nodes.Second, access));

            using var answer = await TwoNodes.PostAsync(nodes.First, "/revoke", "shop", ("token", refresh));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            var begun = TimeProvider.System.GetTimestamp();
            await TwoNodes.SoonAsync(async () =>
                round % 2 == 1
                    ? await UserInfoAsync(nodes.Second, access) == HttpStatusCode.Unauthorized
                    : !await TwoNodes.IsActiveAsync(nodes.Second, access)
            );
            times.Add(TimeProvider.System.GetElapsedTime(begun));
        }
        Assert.InRange(times.Order().ElementAt(Rounds / 2), TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_node_that_cannot_read_the_feed_says_nothing_about_tokens_and_is_not_ready()
    {
        await using var nodes = await TwoNodes.StartAsync();
        await ConfigureAsync(nodes, "jwt");
        var token = await TwoNodes.TokenAsync(nodes.First);
        Assert.True(await TwoNodes.IsActiveAsync(nodes.Second, token));

        nodes.SecondIsBlind = true;
        await TwoNodes.SoonAsync(async () => await StatusAsync(nodes, token) == HttpStatusCode.ServiceUnavailable);
        await TwoNodes.SoonAsync(() => Task.FromResult(nodes.Second.Endpoints.Follower.Lag > Follower.Ready));
        using var http = new HttpClient();
        var address = nodes.Second.Addresses.First(a => !a.Contains("unix", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.GetAsync(address + "/readyz", Ct)).StatusCode);
        Assert.True(await TwoNodes.IsActiveAsync(nodes.First, token));

        nodes.SecondIsBlind = false;
        Assert.True(await TwoNodes.IsActiveAsync(nodes.Second, token));
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(address + "/readyz", Ct)).StatusCode);
    }

    [Fact, Trait("Spec", "RFC 9449 §11.1")]
    public async Task F09_a_proof_that_one_node_has_taken_is_used_up_on_the_other()
    {
        await using var nodes = await TwoNodes.StartAsync();
        await ConfigureAsync(nodes, "jwt");
        var prover = new Prover(nodes.First.Issuer.Url, () => TimeProvider.System.GetUtcNow());
        var proof = prover.Proof("POST", "/token");
        async Task<HttpStatusCode> AskAsync(OstiaryServer node)
        {
            using var answer = await TwoNodes.PostProvenAsync(node, "/token", "m2m", proof, ("grant_type", "client_credentials"), ("scope", "read"));
            return answer.StatusCode;
        }

        Assert.Equal(HttpStatusCode.OK, await AskAsync(nodes.First));
        Assert.Equal(HttpStatusCode.BadRequest, await AskAsync(nodes.Second));
    }

    [Fact]
    public async Task A_change_of_the_configuration_is_soon_live_on_the_other_node()
    {
        await using var nodes = await TwoNodes.StartAsync();
        await ConfigureAsync(nodes, "jwt");
        var token = await TwoNodes.TokenAsync(nodes.First);
        Assert.True(await TwoNodes.IsActiveAsync(nodes.Second, token));

        await AddAsync(nodes, """{"client_id":"m2m","type":"service","scope":"read","disabled":true}""");

        await TwoNodes.SoonAsync(async () => !await TwoNodes.IsActiveAsync(nodes.Second, token));
    }

    [Fact]
    public async Task A_key_that_a_node_does_not_know_is_asked_for_before_a_token_is_refused()
    {
        await using var nodes = await TwoNodes.StartAsync();
        await ConfigureAsync(nodes, "jwt");
        for (var round = 0; round < 5; round++)
        {
            var made = await nodes.First.Endpoints.Keys.RotateAsync("ES256", force: true, Ct);
            var token = await TwoNodes.TokenAsync(nodes.First);
            Assert.True(await TwoNodes.IsActiveAsync(nodes.Second, token));
            Assert.Equal(KeyState.Active, made.State);
        }
    }

    [Fact]
    public async Task Two_nodes_that_set_up_a_new_store_at_once_have_the_same_keys()
    {
        await using var nodes = await TwoNodes.StartAsync();
        await nodes.First.Endpoints.Follower.FollowAsync(Ct);
        await nodes.Second.Endpoints.Follower.FollowAsync(Ct);
        var first = nodes.First.Endpoints.Keys.List();
        Assert.Equal(first.Select(k => k.Kid), nodes.Second.Endpoints.Keys.List().Select(k => k.Kid));
        Assert.Single(first, key => key is { Alg: "ES256", State: KeyState.Active });
    }

    [Fact]
    public void An_ended_token_is_remembered_in_about_eighty_bytes()
    {
        const int Entries = 100_000;
        var ended = new EndedTokens();
        var until = DateTimeOffset.UnixEpoch.AddYears(80);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < Entries; i++)
            ended.Add(new GrantId((UInt128)i * new UInt128(0x9E3779B97F4A7C15, 0xF39CC0605CEDC835)), until);
        var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Entries;
        Assert.InRange(each, 1, 160);
        ended.Forget(until.AddMilliseconds(-1));
        Assert.Equal(Entries, ended.Count);
        ended.Forget(until);
        Assert.Equal(0, ended.Count);
    }

    [Fact]
    public void An_entry_is_never_made_shorter()
    {
        var ended = new EndedTokens();
        var now = DateTimeOffset.UnixEpoch.AddYears(80);
        ended.Add("some-token", now.AddHours(2));
        ended.Add("some-token", now.AddHours(1));
        ended.Forget(now.AddHours(1));
        Assert.True(ended.Contains("some-token"));
        Assert.False(ended.Contains("another"));
    }

    private static async Task<HttpStatusCode> StatusAsync(TwoNodes nodes, string token)
    {
        using var answer = await TwoNodes.PostAsync(nodes.Second, "/introspect", "rs", ("token", token));
        return answer.StatusCode;
    }

    private static async Task ConfigureAsync(TwoNodes nodes, string format)
    {
        await AddAsync(nodes, """{"client_id":"m2m","type":"service","scope":"read"}""");
        await AddAsync(nodes, """{"client_id":"rs","type":"service"}""");
        using var document = System.Text.Json.JsonDocument.Parse(
            $$"""{"identifier":"https://api.example","token_format":"{{format}}","scopes":[{"name":"read","description":"Read"}],"resource_server_clients":["rs"]}"""
        );
        var faults = new List<ConfigurationFault>();
        var api = ApiDocument.Parse(document.RootElement.Clone(), "api", faults)!;
        var outcome = await nodes.First.Configuration.TryChangeAsync(set => set.With(api), null, Ct);
        Assert.Empty(outcome.Faults);
        await nodes.Second.Endpoints.Follower.FollowAsync(Ct);
    }

    private static async Task AddPersonAsync(TwoNodes nodes)
    {
        await AddAsync(nodes, """{"client_id":"shop","type":"web","redirect_uris":["http://127.0.0.1:2/cb"],"scope":"openid offline_access read"}""");
        using var document = System.Text.Json.JsonDocument.Parse("""{"username":"ada"}""");
        var user = UserDocument.Parse(document.RootElement.Clone(), "user", [])!;
        var outcome = await nodes.First.Configuration.TryChangeAsync(
            set => set.With(user with { User = user.User with { Subject = "usr_ada" } }),
            null,
            Ct
        );
        Assert.Empty(outcome.Faults);
        await nodes.Second.Endpoints.Follower.FollowAsync(Ct);
    }

    private static async Task<HttpStatusCode> UserInfoAsync(OstiaryServer node, string token)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return (await http.GetAsync(node.Addresses.First(a => !a.Contains("unix", StringComparison.Ordinal)) + "/userinfo", Ct)).StatusCode;
    }

    private static async Task AddAsync(TwoNodes nodes, string json)
    {
        using var document = System.Text.Json.JsonDocument.Parse(json);
        var faults = new List<ConfigurationFault>();
        var client = ClientDocument.Parse(document.RootElement.Clone(), "client", onLoopback: true, faults)!;
        Assert.Empty(faults);
        var secret = new ClientSecret("s1", ClientSecrets.Hash(TestServer.WebSecret), TimeProvider.System.GetUtcNow(), null, null);
        var outcome = await nodes.First.Configuration.TryChangeAsync(
            set => set.With(client with { Client = client.Client with { Secrets = [secret] } }),
            null,
            Ct,
            early: true
        );
        Assert.Empty(outcome.Faults);
    }
}
