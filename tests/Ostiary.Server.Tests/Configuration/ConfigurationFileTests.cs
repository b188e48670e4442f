using System.Text;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Tests.Admin;
using Ostiary.Server.Users;

namespace Ostiary.Server.Tests.Configuration;

public sealed class ConfigurationFileTests
{
    private const string Text = """
        {
          "issuer": {
            "display_name": "Beispiel & Söhne",
            "code_lifetime": "45s"
          },
          "apis": [
            {
              "identifier": "https://z.example",
              "scopes": [
                {
                  "name": "read",
                  "description": "Read your data",
                  "default": true
                }
              ],
              "token_lifetime": "600s",
              "resource_server_clients": [
                "web"
              ]
            },
            {
              "token_format": "opaque",
              "identifier": "https://a.example"
            }
          ],
          "clients": [
            {
              "client_id": "web",
              "redirect_uris": [
                "https://rp.example/cb"
              ],
              "client_secret": {
                "file": "web.secret"
              }
            },
            {
              "client_id": "batch",
              "type": "service",
              "scope": "read",
              "client_secret": {
                "env": "BATCH"
              }
            }
          ],
          "users": [
            {
              "username": "alice",
              "password": {
                "file": "alice.password"
              },
              "claims": {
                "name": "Älice"
              }
            }
          ]
        }

        """;

    private const string Secrets =
        """{"file:web.secret":"0123456789abcdef0123456789abcdef","env:BATCH":"fedcba9876543210fedcba9876543210","file:alice.password":"correct horse battery"}""";

    [Fact]
    public async Task Export_after_apply_is_the_same_file()
    {
        await using var admin = await AdminHarness.OpenAsync();
        await admin.ApplyAsync(Text, Secrets);
        Assert.Equal(Text, AdminHarness.Text(await admin.SendAsync("GET", "/config")));
    }

    [Fact]
    public async Task Apply_of_an_export_changes_nothing()
    {
        await using var admin = await AdminHarness.OpenAsync();
        var first = await admin.ApplyAsync(Text, Secrets);
        Assert.Equal(6, first.GetProperty("changes").GetArrayLength());
        var hash = admin.Configuration.Current.UserByLogin("alice")!.PasswordHash;
        var second = await admin.ApplyAsync(AdminHarness.Text(await admin.SendAsync("GET", "/config")), Secrets);
        Assert.Equal(0, second.GetProperty("changes").GetArrayLength());
        Assert.Equal(first.GetProperty("revision").GetInt64(), second.GetProperty("revision").GetInt64());
        Assert.Equal(hash, admin.Configuration.Current.UserByLogin("alice")!.PasswordHash);
    }

    [Fact]
    public async Task Keeps_hashes_of_the_secrets_that_it_refers_to_and_nothing_else()
    {
        await using var admin = await AdminHarness.OpenAsync();
        await admin.ApplyAsync(Text, Secrets);
        Assert.NotNull(ClientSecrets.Find(admin.Configuration.Current.Client("web"), "0123456789abcdef0123456789abcdef"));
        Assert.True(PasswordHash.Verify(admin.Configuration.Current.UserByLogin("alice")!.PasswordHash!, "correct horse battery"));
        var stored = await admin.Issuer.Stores.Documents.LoadAsync(TestContext.Current.CancellationToken);
        foreach (var document in stored.Documents)
        {
            Assert.DoesNotContain("0123456789abcdef", document.Json, StringComparison.Ordinal);
            Assert.DoesNotContain("correct horse", document.Json, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Replaces_the_configured_secret_and_leaves_those_that_were_added()
    {
        await using var admin = await AdminHarness.OpenAsync();
        await admin.ApplyAsync(Text, Secrets);
        var added = (await admin.DoAsync("POST", "/clients/web/secrets")).GetProperty("client_secret").GetString()!;
        await admin.ApplyAsync(
            Text,
            Secrets.Replace("0123456789abcdef0123456789abcdef", "zyxwvutsrqponmlkzyxwvutsrqponmlk", StringComparison.Ordinal)
        );
        var client = admin.Configuration.Current.Client("web");
        Assert.NotNull(ClientSecrets.Find(client, added));
        Assert.NotNull(ClientSecrets.Find(client, "zyxwvutsrqponmlkzyxwvutsrqponmlk"));
        Assert.Null(ClientSecrets.Find(client, "0123456789abcdef0123456789abcdef"));
    }

    [Fact]
    public async Task Leaves_what_it_does_not_list_unless_pruned()
    {
        await using var admin = await AdminHarness.OpenAsync();
        await admin.DoAsync("POST", "/clients", """{"client_id":"other","type":"service"}""");
        await admin.ApplyAsync(Text, Secrets);
        Assert.NotNull(admin.Configuration.Current.Client("other"));
        Assert.EndsWith(
            "other",
            string.Join(' ', admin.Configuration.CurrentSet.Clients.Values.OrderBy(c => c.Order).Select(c => c.Client.Id)),
            StringComparison.Ordinal
        );
        await admin.ApplyAsync(Text, Secrets, prune: true);
        Assert.Null(admin.Configuration.Current.Client("other"));
        Assert.Equal(Text, AdminHarness.Text(await admin.SendAsync("GET", "/config")));
    }

    [Fact]
    public async Task Shows_the_secrets_that_it_made_this_one_time()
    {
        await using var admin = await AdminHarness.OpenAsync();
        const string file = """{"clients":[{"client_id":"batch","type":"service"}]}""";
        var made = Assert.Single((await admin.ApplyAsync(file)).GetProperty("client_secrets").EnumerateArray());
        Assert.NotNull(ClientSecrets.Find(admin.Configuration.Current.Client("batch"), made.GetProperty("client_secret").GetString()!));
        Assert.Equal(0, (await admin.ApplyAsync(file)).GetProperty("client_secrets").GetArrayLength());
    }

    [Theory]
    [InlineData(
        """{"clients":[{"client_id":"a","type":"service","client_secret":{"env":"NOPE"}}]}""",
        "{}",
        "clients[0].client_secret",
        Reason.NotASecretSource
    )]
    [InlineData(
        """{"clients":[{"client_id":"a","type":"service","client_secret":{"env":"S"}}]}""",
        """{"env:S":"short"}""",
        "clients[0].client_secret",
        Reason.WeakSecret
    )]
    [InlineData("""{"users":[{"username":"a","password":{"file":"/etc/passwd"}}]}""", "{}", "users[0].password", Reason.NotASecretSource)]
    [InlineData("""{"users":[{"username":"a","password":{"env":"P"}}]}""", """{"env:P":"a\u0000"}""", "users[0].password", Reason.WeakSecret)]
    [InlineData("""{"users":[{"username":"a"},{"username":"A"}]}""", "{}", "users", Reason.AlreadyExists)]
    [InlineData("""{"clients":[{"client_id":"a","type":"service"},{"client_id":"a","type":"service"}]}""", "{}", "clients", Reason.AlreadyExists)]
    [InlineData("""{"client":[]}""", "{}", "client", Reason.UnknownSetting)]
    [InlineData("""{"clients":{}}""", "{}", "clients", Reason.ConfigurationInvalid)]
    [InlineData(
        """{"apis":[{"identifier":"https://a.example","resource_server_clients":["x"]}]}""",
        "{}",
        "apis[https://a.example].resource_server_clients",
        Reason.ReferenceUnknown
    )]
    [InlineData(
        """{"apis":[{"identifier":"https://a.example","exchange_scope":"x"}]}""",
        "{}",
        "apis[https://a.example].exchange_scope",
        Reason.ReferenceUnknown
    )]
    [InlineData("""{"clients":[{"client_id":"a","type":"service","may_act":"x"}]}""", "{}", "clients[a].may_act", Reason.ReferenceUnknown)]
    public async Task Applies_nothing_of_a_file_that_does_not_hold(string file, string secrets, string path, object reason)
    {
        await using var admin = await AdminHarness.OpenAsync();
        var before = admin.Configuration.Current;
        var response = await admin.SendAsync("POST", "/config/apply", $$"""{"configuration":{{file}},"secrets":{{secrets}}}""");
        Assert.Equal(reason, response.Reason);
        Assert.Contains(
            AdminHarness.Json(response).GetProperty("error").GetProperty("faults").EnumerateArray(),
            f => f.GetProperty("path").GetString() == path
        );
        Assert.Same(before, admin.Configuration.Current);
    }

    [Fact]
    public async Task Validation_looks_nothing_up_and_changes_nothing()
    {
        await using var admin = await AdminHarness.OpenAsync();
        Assert.True((await admin.DoAsync("POST", "/config/validate", $$"""{"configuration":{{Text}}}""")).GetProperty("valid").GetBoolean());
        Assert.Empty(admin.Configuration.Current.Clients);
        Assert.Equal(Reason.UnknownSetting, (await admin.SendAsync("POST", "/config/validate", """{"configuration":{"userz":[]}}""")).Reason);
    }

    [Fact]
    public void Reads_a_file_without_a_server()
    {
        var file = ConfigurationFile.Read(Encoding.UTF8.GetBytes(Text), onLoopback: false, out var faults);
        Assert.Empty(faults);
        Assert.Empty(file!.CheckReferences());
        Assert.Equal(["clients[0].client_secret", "clients[1].client_secret", "users[0].password"], file.Secrets.Select(s => s.Path));
        Assert.Null(ConfigurationFile.Read("{\n  \"apis\": [,]\n}"u8.ToArray(), onLoopback: false, out faults));
        Assert.Contains("line 2", Assert.Single(faults).Hint, StringComparison.Ordinal);
        Assert.Null(ConfigurationFile.Read("""{"apis":[],"apis":[]}"""u8.ToArray(), onLoopback: false, out _));
    }

    [Fact]
    public void Carries_the_secrets_of_this_machine_to_the_server()
    {
        var directory = Directory.CreateTempSubdirectory("ostiary-test-");
        try
        {
            File.WriteAllText(Path.Combine(directory.FullName, "web.secret"), "0123456789abcdef0123456789abcdef\n");
            var request = ConfigurationRequest.Of(Documents.Json(Text), new LocalSecrets(directory.FullName), prune: true);
            Assert.Equal("0123456789abcdef0123456789abcdef", request.GetProperty("secrets").GetProperty("file:web.secret").GetString());
            Assert.False(request.GetProperty("secrets").TryGetProperty("file:alice.password", out _));
            Assert.True(request.GetProperty("prune").GetBoolean());
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
