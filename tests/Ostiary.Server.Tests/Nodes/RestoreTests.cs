using System.Net;
using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Admin;
using Ostiary.Server.Hosting;
using Ostiary.Server.Keys;
using Ostiary.Server.Stores;
using Ostiary.Server.Stores.Memory;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Nodes;

/// <summary>After a restore nobody knows what was revoked since the backup.</summary>
public sealed class RestoreTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("ostiary-restore-").FullName;

    private string? _address;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Backup => Path.Combine(_root, "backup.jsonl");

    private string KeyOf(string name) => Path.Combine(_root, name, "keys", "master.key");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact, Trait("Spec", "RFC 7009 §2.1")]
    public async Task What_was_revoked_after_the_backup_stays_revoked_and_lifting_the_fence_lets_the_rest_live()
    {
        string refresh,
            revoked,
            access,
            robotToken,
            oldKey;
        await using (var before = await StartAsync("before", null))
        {
            using var spa = new TokenClient(before, "spa", null);
            using var robot = new TokenClient(before, "m2m");
            var tokens = await spa.SignInAsync(before.NewBrowser(), "openid offline_access read");
            (refresh, access) = (tokens["refresh_token"]!, tokens["access_token"]!);
            revoked = (await spa.SignInAsync(before.NewBrowser(), "openid offline_access read", "bob"))["refresh_token"]!;
            robotToken = (await robot.TokenAsync(("grant_type", "client_credentials"), ("scope", "read")))["access_token"]!;
            oldKey = before.Server.Endpoints.Keys.Signer("ES256").Key.Kid!;
            await BackUpAsync(before);
            await spa.PostAsync("/revoke", ("token", revoked));
            (await spa.RefreshAsync(revoked)).ShouldBeRefused("invalid_grant", "OST2020");
        }

        var stores = await MemoryStores.OpenAsync(null, TimeProvider.System, Ct);
        await RestoreAsync(stores);
        await using var server = await StartAsync("after", stores);
        server.Time.Advance(TimeSpan.FromMinutes(1));
        using var app = new TokenClient(server, "spa", null);
        using var api = new TokenClient(server, "rs");

        foreach (var token in new[] { refresh, revoked })
            (await app.RefreshAsync(token)).ShouldBeRefused("invalid_grant", "OST2020");
        foreach (var token in new[] { access, robotToken })
            Assert.Equal("False", (await api.PostAsync("/introspect", ("token", token)))["active"]);
        Assert.NotEqual(oldKey, server.Server.Endpoints.Keys.Signer("ES256").Key.Kid);
        Assert.DoesNotContain(server.Server.Endpoints.Keys.Verification.Keys, key => key.Kid == oldKey);

        var signedIn = await app.SignInAsync(server.NewBrowser(), "openid offline_access read");
        Assert.Equal("True", (await api.PostAsync("/introspect", ("token", signedIn["access_token"]!)))["active"]);
        Assert.Equal(HttpStatusCode.OK, (await app.RefreshAsync(signedIn["refresh_token"]!)).Status);

        await SendAsync(server, "POST", "/server/unfence");
        Assert.Equal(HttpStatusCode.OK, (await app.RefreshAsync(refresh)).Status);
        Assert.Equal("True", (await api.PostAsync("/introspect", ("token", access)))["active"]);
        Assert.Equal("True", (await api.PostAsync("/introspect", ("token", signedIn["access_token"]!)))["active"]);
        Assert.Single(server.Server.Endpoints.Keys.List(), key => key is { Alg: "ES256", State: KeyState.Active });
    }

    [Fact]
    public async Task A_session_and_a_remembered_consent_from_before_count_no_more()
    {
        await using (var before = await StartAsync("before", null))
        {
            var grants = before.Server.Issuer.Stores;
            await grants.Consents.TryPutAsync(new("usr_alice", "web", Protocol.ScopeSet.Of(["openid"]), before.Time.GetUtcNow()), null, Ct);
            using var spa = new TokenClient(before, "spa", null);
            await spa.SignInAsync(before.NewBrowser());
            await BackUpAsync(before);
        }
        var stores = await MemoryStores.OpenAsync(null, TimeProvider.System, Ct);
        await RestoreAsync(stores);
        await using var server = await StartAsync("after", stores);
        server.Time.Advance(TimeSpan.FromMinutes(1));

        Assert.Null(await server.Server.Issuer.Stores.Consents.FindAsync("usr_alice", "web", Ct));
        Assert.Empty(await server.Server.Issuer.Stores.Directory.ConsentsAsync("usr_alice", Ct));
        Assert.Empty((await server.Server.Issuer.Stores.Directory.SessionsAsync("usr_alice", null, 10, Ct)).Items);
        Assert.Empty((await server.Server.Issuer.Stores.Directory.GrantsAsync(new("usr_alice", LiveOnly: true), Ct)).Items);
        Assert.True((await SendAsync(server, "GET", "/server")).GetProperty("fenced").GetBoolean());
    }

    [Fact]
    public async Task A_backup_that_is_changed_cut_or_of_another_key_restores_nothing()
    {
        await using (var before = await StartAsync("before", null))
            await BackUpAsync(before);
        var whole = await File.ReadAllBytesAsync(Backup, Ct);
        var master = Path.Combine(_root, "before", "keys");
        for (var cut = 0; cut < whole.Length; cut += Math.Max(1, whole.Length / 40))
            await RefusesAsync(whole[..cut], MasterKey.Open(master));
        for (var at = 0; at < whole.Length; at += Math.Max(1, whole.Length / 60))
        {
            var changed = (byte[])whole.Clone();
            changed[at] ^= 1;
            await RefusesAsync(changed, MasterKey.Open(master));
        }
        Assert.Equal(Reason.KeyUnreadable, await RefusesAsync(whole, MasterKey.Ephemeral()));
        await RefusesAsync([.. whole, .. "{}\n"u8], MasterKey.Open(master));
    }

    [Fact]
    public async Task A_backup_holds_no_secret_in_the_clear_and_never_replaces_a_file()
    {
        await using var before = await StartAsync("before", null);
        await BackUpAsync(before);
        var text = await File.ReadAllTextAsync(Backup, Ct);
        Assert.DoesNotContain(TestServer.WebSecret, text, StringComparison.Ordinal);
        Assert.DoesNotContain(TestServer.Password, text, StringComparison.Ordinal);
        Assert.DoesNotContain("\"d\":", text, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Backup));
        var again = await before.Server.AdministrationAsync("POST", "/server/backup", $$"""{"file":"{{Backup}}"}""");
        Assert.Equal(Reason.AlreadyExists, again.Reason);
        var remote = await before.Server.AdministrationAsync("POST", "/server/backup", $$"""{"file":"{{Backup}}2"}""", new("robot", "token"));
        Assert.Equal(Reason.AdminForbidden, remote.Reason);
        Assert.False(File.Exists(Backup + "2"));
    }

    private async Task<Reason> RefusesAsync(byte[] content, MasterKey master)
    {
        var path = Path.Combine(_root, "changed.jsonl");
        await File.WriteAllBytesAsync(path, content, Ct);
        await using var stores = await MemoryStores.OpenAsync(null, TimeProvider.System, Ct);
        var fault = await Assert.ThrowsAsync<StoreException>(async () => await Restore.RunAsync(path, master, stores, DateTimeOffset.UnixEpoch, Ct));
        Assert.Equal(0, await stores.Documents.RevisionAsync(Ct));
        return fault.Reason;
    }

    private Task<JsonElement> BackUpAsync(TestServer server) => SendAsync(server, "POST", "/server/backup", $$"""{"file":"{{Backup}}"}""");

    private async Task RestoreAsync(IStores stores)
    {
        MasterKey.Import(KeyOf("before"), Path.Combine(_root, "after", "keys"));
        var since = new FakeTime().GetUtcNow().AddSeconds(1);
        await Restore.RunAsync(Backup, MasterKey.Open(Path.Combine(_root, "after", "keys")), stores, since, Ct);
    }

    private static async Task<JsonElement> SendAsync(TestServer server, string method, string path, string body = "{}")
    {
        var answer = await server.Server.AdministrationAsync(method, path, body);
        Assert.Null(answer.Reason);
        using var json = JsonDocument.Parse(answer.Body);
        return json.RootElement.Clone();
    }

    /// <summary>A data directory with its own master key, or with the one that was put there.</summary>
    private async Task<TestServer> StartAsync(string name, IStores? stores)
    {
        var data = Path.Combine(_root, name);
        var keys = Path.Combine(data, "keys");
        var aside = Path.Combine(_root, name + "-keys");
        if (Directory.Exists(keys))
            Directory.Move(keys, aside);
        DataDirectory.Open(data).Dispose();
        if (Directory.Exists(aside))
            Directory.Move(aside, keys);
        return await TestServer.StartAsync(
            with: options =>
            {
                // The restored server is the same issuer.
                _address ??= options.Listen[0];
                return options with { DataDirectory = data, Issuer = _address, Listen = [_address] };
            },
            wrap: opened => stores ?? opened
        );
    }
}

internal static class AdministeredServer
{
    public static async Task<AdminResponse> AdministrationAsync(
        this OstiaryServer server,
        string method,
        string path,
        string body,
        AdminCaller? caller = null
    ) =>
        await server.Administration.SendAsync(
            new AdminRequest(method, path, caller ?? AdminCaller.Owner) { Body = System.Text.Encoding.UTF8.GetBytes(body) },
            TestContext.Current.CancellationToken
        );
}
