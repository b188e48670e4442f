using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Clients;
using Ostiary.Server.Decisions;
using Ostiary.Server.Grants;
using Ostiary.Server.Sessions;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Tests.Admin;

public sealed class AdminServiceTests
{
    private const string Web = """{"client_id":"web","type":"web","client_name":"Shop","redirect_uris":["https://rp.example/cb"]}""";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Spec", "RFC 7591 §3.2.1")]
    public async Task Shows_the_secret_of_a_client_once_and_keeps_its_hash()
    {
        await using var admin = await AdminHarness.OpenAsync();
        var response = await admin.SendAsync("POST", "/clients", Web);
        Assert.Equal((201, "/clients/web"), (response.Status, response.Location));
        var made = AdminHarness.Json(response);
        var secret = made.GetProperty("client_secret").GetString()!;
        Assert.True(CredentialText.TryParse(CredentialText.ClientSecret, secret, out var content));
        Assert.Equal(32, content.Length);
        Assert.Equal(0, made.GetProperty("client_secret_expires_at").GetInt32());
        Assert.True(made.GetProperty("client_id_issued_at").GetInt64() > 1_700_000_000);
        Assert.Equal("client_secret_basic", made.GetProperty("token_endpoint_auth_method").GetString());
        Assert.NotNull(ClientSecrets.Find(admin.Configuration.Current.Client("web"), secret));
        foreach (var path in new[] { "/clients/web", "/clients", "/clients/web/secrets", "/config" })
            Assert.DoesNotContain(secret, AdminHarness.Text(await admin.SendAsync("GET", path)), StringComparison.Ordinal);
        foreach (var document in (await admin.Issuer.Stores.Documents.LoadAsync(Stop)).Documents)
            Assert.DoesNotContain(secret, document.Json, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gives_public_clients_no_secret_and_an_id_where_none_was_chosen()
    {
        await using var admin = await AdminHarness.OpenAsync();
        var made = await admin.DoAsync("POST", "/clients", """{"type":"spa","redirect_uris":["https://rp.example/cb"]}""");
        Assert.False(made.TryGetProperty("client_secret", out _));
        Assert.StartsWith("app-", made.GetProperty("client_id").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [Trait("Spec", "RFC 6819 §5.1.4.2.2")]
    [Trait("Spec", "RFC 6749 §2.3.1")]
    [InlineData("\"\"", Reason.WeakSecret)]
    [InlineData("\"hunter2\"", Reason.WeakSecret)]
    [InlineData("\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"", Reason.WeakSecret)]
    [InlineData("\"0123456789abcdef0123456789abcdé\\u00e9\"", Reason.WeakSecret)]
    [InlineData("null", Reason.NotASecretSource)]
    [InlineData("{\"file\":\"/etc/shadow\"}", Reason.NotASecretSource)]
    public async Task Refuses_weak_secrets_and_reads_no_files_for_others(string secret, object reason)
    {
        await using var admin = await AdminHarness.OpenAsync();
        var response = await admin.SendAsync(
            "POST",
            "/clients",
            """{"client_id":"a","type":"service","client_secret":SECRET}""".Replace("SECRET", secret, StringComparison.Ordinal)
        );
        Assert.Equal(reason, response.Reason);
        Assert.Null(admin.Configuration.Current.Client("a"));
    }

    [Fact]
    [Trait("Spec", "RFC 9110 §15.5.6")]
    public async Task Says_which_methods_an_operation_takes()
    {
        await using var admin = await AdminHarness.OpenAsync();
        var response = await admin.SendAsync("PUT", "/clients");
        Assert.Equal((405, Reason.MethodNotAllowed), (response.Status, response.Reason));
        Assert.Contains("GET, POST", AdminHarness.Text(response), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/clients?limit=0", "")]
    [InlineData("GET", "/clients?limit=x", "")]
    [InlineData("GET", "/users?cursor=~", "")]
    [InlineData("GET", "/events?refused=perhaps", "")]
    [InlineData("POST", "/clients", "[]")]
    [InlineData("POST", "/clients", "{\"client_id\":")]
    public async Task Refuses_what_is_not_of_the_documented_shape(string method, string path, string body)
    {
        await using var admin = await AdminHarness.OpenAsync();
        var response = await admin.SendAsync(method, path, body);
        Assert.Equal((400, Reason.AdminRequestMalformed), (response.Status, response.Reason));
    }

    [Fact]
    public async Task Takes_a_secret_that_the_caller_brings()
    {
        await using var admin = await AdminHarness.OpenAsync();
        const string secret = "0123456789abcdefghijklmnopqrstuvwxyz";
        await admin.DoAsync("POST", "/clients", $$"""{"client_id":"a","type":"service","client_secret":"{{secret}}"}""");
        Assert.NotNull(ClientSecrets.Find(admin.Configuration.Current.Client("a"), secret));
        Assert.DoesNotContain("client_secret\":", AdminHarness.Text(await admin.SendAsync("GET", "/config")), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Spec", "OIDC Core §10.1")]
    public async Task Seals_the_secret_of_a_client_whose_id_tokens_are_signed_with_it()
    {
        await using var admin = await AdminHarness.OpenAsync();
        await admin.DoAsync("POST", "/clients", Web);
        Assert.Null(Assert.Single(admin.Configuration.Current.Client("web")!.Secrets).Sealed);
        var changed = await admin.DoAsync("PATCH", "/clients/web", """{"id_token_signed_response_alg":"HS256"}""");
        Assert.True(changed.TryGetProperty("client_secret", out _));
        Assert.Single(new ClientSecrets(admin.Issuer.Master).HmacKeys(admin.Configuration.Current.Client("web")!));
    }

    [Fact]
    public async Task Refuses_what_exists_and_names_what_does_not()
    {
        await using var admin = await AdminHarness.OpenAsync();
        await admin.DoAsync("POST", "/clients", Web);
        var twice = await admin.SendAsync("POST", "/clients", Web);
        Assert.Equal((409, Reason.AlreadyExists), (twice.Status, twice.Reason));
        var error = AdminHarness.Json(await admin.SendAsync("GET", "/clients/Web")).GetProperty("error");
        Assert.Equal("OST4104", error.GetProperty("code").GetString());
        Assert.Equal("not_found", error.GetProperty("kind").GetString());
        Assert.Equal("client 'Web' is not registered on https://id.example", error.GetProperty("message").GetString());
        Assert.Contains("'web'", error.GetProperty("hint").GetString(), StringComparison.Ordinal);
        Assert.Equal("ostiary client get web", error.GetProperty("next")[0].GetString());
        Assert.StartsWith("flow_", error.GetProperty("flow_id").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Spec", "RFC 7396 §2")]
    public async Task Changes_only_what_a_patch_names()
    {
        await using var admin = await AdminHarness.OpenAsync();
        await admin.DoAsync("POST", "/clients", Web);
        var changed = await admin.DoAsync("PATCH", "/clients/web", """{"client_name":null,"consent":"none"}""");
        Assert.False(changed.TryGetProperty("client_name", out _));
        Assert.Equal("none", changed.GetProperty("consent").GetString());
        Assert.Equal("https://rp.example/cb", changed.GetProperty("redirect_uris")[0].GetString());
        Assert.Single(admin.Configuration.Current.Client("web")!.Secrets);
        Assert.Equal(Reason.ConfigurationInvalid, (await admin.SendAsync("PATCH", "/clients/web", """{"client_id":"x"}""")).Reason);
        Assert.Equal(Reason.ConfigurationInvalid, (await admin.SendAsync("PATCH", "/clients/web", """{"client_secret":"x"}""")).Reason);
        Assert.Equal(Reason.UnknownSetting, (await admin.SendAsync("PATCH", "/clients/web", """{"conesnt":"none"}""")).Reason);
    }

    [Fact]
    public async Task A_client_and_an_api_may_be_registered_in_either_order()
    {
        await using var admin = await AdminHarness.OpenAsync();
        await admin.DoAsync("POST", "/clients", """{"client_id":"s","type":"service","scope":"later"}""");
        await admin.DoAsync("PATCH", "/clients/s", """{"scope":"later more"}""");

        var other = """{"configuration":{"apis":[{"identifier":"https://b.example","scopes":[{"name":"b","description":"B"}]}]}}""";
        Assert.Null((await admin.SendAsync("POST", "/config/apply", other)).Reason); // what was missing before is no reason to refuse another change

        await admin.DoAsync(
            "POST",
            "/apis",
            """{"identifier":"https://a.example","scopes":[{"name":"later","description":"L"}],"resource_server_clients":["rs"]}"""
        );
        await admin.DoAsync("POST", "/clients", """{"client_id":"rs","type":"service"}""");

        var whole = """{"configuration":{"clients":[{"client_id":"t","type":"service","scope":"never"}]}}""";
        Assert.Equal(Reason.ReferenceUnknown, (await admin.SendAsync("POST", "/config/apply", whole)).Reason);
        Assert.Equal(Reason.ReferenceUnknown, (await admin.SendAsync("DELETE", "/clients/rs")).Reason);
    }

    [Fact]
    public async Task Refuses_a_change_for_an_older_revision()
    {
        await using var admin = await AdminHarness.OpenAsync();
        var seen = (await admin.SendAsync("POST", "/clients", Web)).Revision;
        Assert.Null((await admin.SendAsync("PATCH", "/clients/web", """{"consent":"none"}""", seen)).Reason);
        var late = await admin.SendAsync("PATCH", "/clients/web", """{"consent":"required"}""", seen);
        Assert.Equal((409, Reason.RevisionConflict), (late.Status, late.Reason));
    }

    [Fact]
    public async Task Replaces_secrets_without_a_gap()
    {
        await using var admin = await AdminHarness.OpenAsync();
        var first = (await admin.DoAsync("POST", "/clients", Web)).GetProperty("client_secret").GetString()!;
        var second = (await admin.DoAsync("POST", "/clients/web/secrets/rotate", """{"overlap":"1h"}""")).GetProperty("client_secret").GetString()!;
        var client = admin.Configuration.Current.Client("web");
        Assert.InRange(ClientSecrets.Find(client, first)!.ExpiresAt!.Value, DateTimeOffset.UnixEpoch, admin.Issuer.Now.AddHours(1));
        Assert.Null(ClientSecrets.Find(client, second)!.ExpiresAt);
        var third = await admin.DoAsync("POST", "/clients/web/secrets");
        Assert.Equal(3, (await admin.DoAsync("GET", "/clients/web/secrets")).GetProperty("items").GetArrayLength());
        await admin.DoAsync("DELETE", "/clients/web/secrets/" + third.GetProperty("id").GetString());
        Assert.Null(ClientSecrets.Find(admin.Configuration.Current.Client("web"), third.GetProperty("client_secret").GetString()!));
        await admin.DoAsync("POST", "/clients/web/secrets/rotate", """{"overlap":"0s"}""");
        Assert.Single(admin.Configuration.Current.Client("web")!.Secrets);
        Assert.Equal(Reason.SecretNotFound, (await admin.SendAsync("DELETE", "/clients/web/secrets/nope")).Reason);
        Assert.Equal(Reason.UnsafeLifetime, (await admin.SendAsync("POST", "/clients/web/secrets/rotate", """{"overlap":"91d"}""")).Reason);
    }

    [Fact]
    public async Task Disabling_a_client_ends_what_it_holds()
    {
        await using var admin = await AdminHarness.OpenAsync();
        await admin.DoAsync("POST", "/clients", Web);
        var grant = await GrantAsync(admin, "web", "usr_1");
        Assert.True((await admin.DoAsync("POST", "/clients/web/disable")).GetProperty("disabled").GetBoolean());
        Assert.Equal(GrantEnd.ClientDisabled, (await admin.Issuer.Stores.Grants.FindAsync(grant, Stop))!.End);
        Assert.Contains(await admin.Issuer.Stores.Changes.ReadAsync(0, 100, Stop), c => c is { Kind: ChangeKind.ClientDisabled, Id: "web" });
        Assert.False((await admin.DoAsync("POST", "/clients/web/enable")).TryGetProperty("disabled", out _));
        var other = await GrantAsync(admin, "web", "usr_1");
        await admin.DoAsync("DELETE", "/clients/web");
        Assert.Equal(GrantStatus.Ended, (await admin.Issuer.Stores.Grants.FindAsync(other, Stop))!.Status);
    }

    [Fact]
    public async Task Disabling_a_user_ends_sessions_and_grants()
    {
        await using var admin = await AdminHarness.OpenAsync();
        var subject = (await admin.DoAsync("POST", "/users", """{"username":"alice","password":"correct horse battery"}"""))
            .GetProperty("sub")
            .GetString()!;
        Assert.StartsWith("usr_", subject, StringComparison.Ordinal);
        var grant = await GrantAsync(admin, "web", subject);
        await SessionAsync(admin, "sid1", subject);
        await admin.DoAsync("POST", "/users/alice/disable");
        Assert.True(admin.Configuration.Current.User(subject)!.Disabled);
        Assert.Equal(GrantEnd.SubjectDisabled, (await admin.Issuer.Stores.Grants.FindAsync(grant, Stop))!.End);
        Assert.NotNull((await admin.Issuer.Stores.Sessions.FindAsync("sid1", Stop))!.EndedAt);
        Assert.Contains(await admin.Issuer.Stores.Changes.ReadAsync(0, 100, Stop), c => c.Kind == ChangeKind.SubjectDisabled && c.Id == subject);
        await admin.DoAsync("POST", $"/users/{subject}/enable");
        Assert.False(admin.Configuration.Current.User(subject)!.Disabled);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Spec", "RFC 9700 §4.14.2")]
    public async Task A_new_password_ends_sessions_and_grants_whichever_way_it_comes(bool byItself)
    {
        await using var admin = await AdminHarness.OpenAsync();
        var subject = (await admin.DoAsync("POST", "/users", """{"username":"alice","password":"correct horse battery"}"""))
            .GetProperty("sub")
            .GetString()!;
        var grant = await GrantAsync(admin, "web", subject);
        await SessionAsync(admin, "sid1", subject);

        await admin.DoAsync("PATCH", "/users/alice", """{"email":"a@x.example"}""");
        Assert.Null((await admin.Issuer.Stores.Sessions.FindAsync("sid1", Stop))!.EndedAt);

        if (byItself)
            await admin.DoAsync("PUT", "/users/alice/password", """{"password":"another horse battery"}""");
        else
            await admin.DoAsync(
                "POST",
                "/config/apply",
                """{"configuration":{"users":[{"username":"alice","password":{"env":"P"}}]},"secrets":{"env:P":"another horse battery"}}"""
            );

        Assert.Equal(GrantEnd.RevokedByOperator, (await admin.Issuer.Stores.Grants.FindAsync(grant, Stop))!.End);
        Assert.NotNull((await admin.Issuer.Stores.Sessions.FindAsync("sid1", Stop))!.EndedAt);
    }

    [Fact]
    public async Task Keeps_and_changes_users()
    {
        await using var admin = await AdminHarness.OpenAsync();
        await admin.DoAsync("POST", "/users", """{"username":"alice","email":"a@x.example","claims":{"name":"A"}}""");
        Assert.Equal(Reason.AlreadyExists, (await admin.SendAsync("POST", "/users", """{"username":"ALICE"}""")).Reason);
        Assert.Equal(Reason.WeakSecret, (await admin.SendAsync("POST", "/users", """{"username":"bob","password":"a\u0000"}""")).Reason);
        Assert.Equal(Reason.ConfigurationInvalid, (await admin.SendAsync("POST", "/users", """{"username":"bob","claims":{"sub":"x"}}""")).Reason);
        var user = await admin.DoAsync("PUT", "/users/alice/password", """{"password":"correct horse battery"}""");
        Assert.True(user.GetProperty("has_password").GetBoolean());
        Assert.DoesNotContain("argon2", AdminHarness.Text(await admin.SendAsync("GET", "/users/alice")), StringComparison.Ordinal);
        Assert.Equal(
            "B",
            (await admin.DoAsync("PATCH", "/users/alice", """{"claims":{"name":"B"}}""")).GetProperty("claims").GetProperty("name").GetString()
        );
        Assert.Equal(Reason.ConfigurationInvalid, (await admin.SendAsync("PATCH", "/users/alice", """{"password":"x"}""")).Reason);
        await admin.DoAsync("DELETE", "/users/alice");
        Assert.Equal(Reason.UserNotFound, (await admin.SendAsync("GET", "/users/alice")).Reason);
        Assert.Equal(Reason.UserNotFound, (await admin.SendAsync("PUT", "/users/alice/password", """{"password":"correct horse battery"}""")).Reason);
    }

    [Fact]
    public async Task Keeps_apis_by_their_identifiers_and_makes_the_key_that_one_asks_for()
    {
        await using var admin = await AdminHarness.OpenAsync();
        Assert.False(admin.Keys.CanSign("ES384"));
        await admin.DoAsync(
            "POST",
            "/apis",
            """{"identifier":"https://api.example/v1","scopes":[{"name":"read","description":"x"}],"signing_alg":"ES384"}"""
        );
        Assert.True(admin.Keys.CanSign("ES384"));
        var path = "/apis/" + Uri.EscapeDataString("https://api.example/v1");
        Assert.Equal("10m", (await admin.DoAsync("GET", path)).GetProperty("token_lifetime").GetString());
        Assert.Equal("opaque", (await admin.DoAsync("PATCH", path, """{"token_format":"opaque"}""")).GetProperty("token_format").GetString());
        Assert.Equal(Reason.ConfigurationInvalid, (await admin.SendAsync("PATCH", path, """{"identifier":"https://b.example"}""")).Reason);
        await admin.DoAsync("POST", "/clients", """{"client_id":"s","type":"service","scope":"read"}""");
        Assert.Equal(Reason.ReferenceUnknown, (await admin.SendAsync("DELETE", path)).Reason);
        await admin.DoAsync("DELETE", "/clients/s");
        await admin.DoAsync("DELETE", path);
        Assert.Equal(Reason.ApiNotFound, (await admin.SendAsync("DELETE", path)).Reason);
    }

    [Fact]
    public async Task Lists_in_pages_without_gaps()
    {
        await using var admin = await AdminHarness.OpenAsync();
        for (var i = 0; i < 7; i++)
            await admin.DoAsync("POST", "/clients", $$"""{"client_id":"c{{i}}","type":"service"}""");
        var (seen, path) = (new List<string>(), "/clients?limit=3");
        while (path is not null)
        {
            var page = await admin.DoAsync("GET", path);
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(c => c.GetProperty("client_id").GetString()!));
            path = page.GetProperty("next").GetString() is { } next ? "/clients?limit=3&cursor=" + next : null;
        }
        Assert.Equal(["c0", "c1", "c2", "c3", "c4", "c5", "c6"], seen);
    }

    [Fact]
    public async Task Lists_and_ends_grants_and_sessions()
    {
        await using var admin = await AdminHarness.OpenAsync();
        var subject = (await admin.DoAsync("POST", "/users", """{"username":"alice"}""")).GetProperty("sub").GetString()!;
        var grant = await GrantAsync(admin, "web", subject, "sid1");
        await GrantAsync(admin, "web", "usr_other");
        await SessionAsync(admin, "sid1", subject);
        var found = Assert.Single(
            (await admin.DoAsync("GET", "/grants?subject=alice&client_id=web&live=true")).GetProperty("items").EnumerateArray()
        );
        Assert.Equal(
            (grant.ToString(), "alice", "active"),
            (found.GetProperty("id").GetString(), found.GetProperty("username").GetString(), found.GetProperty("status").GetString())
        );
        Assert.Single((await admin.DoAsync("GET", "/sessions?subject=alice")).GetProperty("items").EnumerateArray());
        Assert.False((await admin.DoAsync("POST", "/sessions/sid1/end")).GetProperty("live").GetBoolean());
        var ended = await admin.DoAsync("GET", "/grants/" + grant);
        Assert.Equal(("ended", "revoked-by-operator"), (ended.GetProperty("status").GetString(), ended.GetProperty("end").GetString()));
        Assert.Equal("ended", (await admin.DoAsync("POST", $"/grants/{grant}/end")).GetProperty("status").GetString());
        Assert.Equal(Reason.GrantNotFound, (await admin.SendAsync("POST", "/grants/nope/end")).Reason);
        Assert.Equal(Reason.SessionNotFound, (await admin.SendAsync("GET", "/sessions/nope")).Reason);
    }

    [Fact]
    public async Task Rotates_and_revokes_keys()
    {
        await using var admin = await AdminHarness.OpenAsync();
        await admin.DoAsync("POST", "/keys/rotate", """{"alg":"ES256","force":true}""");
        var keys = (await admin.DoAsync("GET", "/keys"))
            .GetProperty("items")
            .EnumerateArray()
            .Where(k => k.GetProperty("alg").GetString() == "ES256")
            .ToList();
        var active = keys.Single(k => k.GetProperty("state").GetString() == "active").GetProperty("kid").GetString();
        Assert.Equal("gone", (await admin.DoAsync("POST", $"/keys/{active}/revoke")).GetProperty("state").GetString());
        Assert.Contains(await admin.Issuer.Stores.Changes.ReadAsync(0, 10, Stop), c => c.Kind == ChangeKind.KeyRevoked && c.Id == active);
        Assert.Equal(Reason.KeyNotFound, (await admin.SendAsync("POST", "/keys/nope/retire")).Reason);
        Assert.Equal(Reason.ConfigurationInvalid, (await admin.SendAsync("POST", "/keys/rotate", """{"alg":"HS256"}""")).Reason);
    }

    [Fact]
    public async Task Records_every_request_with_its_object_and_never_a_secret()
    {
        await using var admin = await AdminHarness.OpenAsync();
        var secret = (await admin.DoAsync("POST", "/clients", Web)).GetProperty("client_secret").GetString()!;
        await admin.SendAsync("GET", "/clients/nope");
        await admin.SendAsync("GET", "/nowhere");
        var found = await admin.Log.Reader.ListAsync(new LogFilter(), Stop);
        Assert.Equal(["client.create", "client.get", "admin.request"], found.Select(e => e.Record.Act));
        Assert.Equal(("web", "created", null), (found[0].Record.ClientId, found[0].Record.Change, found[0].Record.Refused));
        Assert.Equal([Reason.ClientNotFound, Reason.ResourceNotFound], found.Skip(1).Select(e => e.Record.Refused!.Value));
        Assert.DoesNotContain(found, e => e.Json.Contains(secret, StringComparison.Ordinal));
        var listed = await admin.DoAsync("GET", "/events?client_id=web&refused=false");
        Assert.Equal("client.create", listed.GetProperty("items")[0].GetProperty("act").GetString());
        var first = await admin.DoAsync("GET", "/events?limit=2&cursor=MA");
        var rest = await admin.DoAsync("GET", "/events?limit=2&cursor=" + first.GetProperty("next").GetString());
        Assert.Equal("client.create", first.GetProperty("items")[0].GetProperty("act").GetString());
        Assert.Equal("admin.request", rest.GetProperty("items")[0].GetProperty("act").GetString());
        Assert.True((await admin.DoAsync("GET", "/events/verify")).GetProperty("intact").GetBoolean());
    }

    private static async Task<GrantId> GrantAsync(AdminHarness admin, string clientId, string subject, string? session = null)
    {
        var (id, now) = (GrantId.Read(Entropy.Bytes(16)), admin.Issuer.Now);
        var scope = ScopeSet.Of(["openid"]);
        var grant = new Grant
        {
            Id = id,
            ClientId = clientId,
            Status = GrantStatus.Active,
            CreatedAt = now,
            ExpiresAt = now.AddHours(1),
            Generation = 1,
            Request = new() { Scope = scope, Flow = "flow_1" },
            Approval = new()
            {
                Subject = subject,
                Scope = scope,
                AuthenticatedAt = now,
                SessionId = session,
            },
        };
        Assert.True(await admin.Issuer.Stores.Grants.TryCreateAsync(grant, Stop));
        return id;
    }

    private static async Task SessionAsync(AdminHarness admin, string id, string subject)
    {
        var now = admin.Issuer.Now;
        var session = new Session
        {
            Id = id,
            SecretHash = "x",
            Subject = subject,
            CreatedAt = now,
            AuthenticatedAt = now,
            ExpiresAt = now.AddHours(1),
            SeenAt = now,
        };
        Assert.True(await admin.Issuer.Stores.Sessions.TryCreateAsync(session, Stop));
    }
}
