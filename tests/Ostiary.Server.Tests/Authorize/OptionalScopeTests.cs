using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Authorize;

public sealed class OptionalScopeTests
{
    [Fact, Trait("Spec", "OIDC Core §3.1.2.4")]
    public async Task Grants_an_optional_scope_only_where_it_was_left_checked()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddApiAsync(
            """{"identifier":"https://mail.example","scopes":[{"name":"mail:read","description":"Read your mail"},{"name":"mail:send","description":"Send mail as you","optional":true}]}"""
        );
        await server.AddClientAsync("""{"client_id":"mail","type":"spa","redirect_uris":["CB"],"scope":"openid mail:read mail:send"}""");
        using var browser = server.NewBrowser();
        using var mail = new TokenClient(server, "mail", secret: null);

        var answer = await mail.SignInAsync(browser, "openid mail:read mail:send");

        Assert.Equal("openid mail:read", answer["scope"]);
    }
}
