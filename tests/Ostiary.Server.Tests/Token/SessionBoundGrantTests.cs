using System.Net;
using Ostiary.Protocol;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Token;

/// <summary>Without offline_access a web page acts for a person as long as they are signed in here.</summary>
[Trait("Spec", "OIDC Core §11")]
public sealed class SessionBoundGrantTests
{
    private static readonly TimeSpan BeyondTheSession = TimeSpan.FromHours(12);

    [Theory]
    [InlineData("web", "openid", false)]
    [InlineData("spa", "openid", false)]
    [InlineData("web", "openid offline_access", true)]
    [InlineData("spa", "openid offline_access", true)]
    [InlineData("app", "openid", true)]
    public async Task Ends_with_an_expired_session_unless_it_is_offline_or_a_program(string client, string scope, bool outlives)
    {
        await using var server = await TestServer.StartAsync();
        await server.AddClientAsync("""{"client_id":"app","type":"native","redirect_uris":["CB"],"consent":"none","scope":"openid"}""");
        using var browser = server.NewBrowser();
        using var caller = new TokenClient(server, client, client == "web" ? TestServer.WebSecret : null);
        var first = await caller.SignInAsync(browser, scope);
        server.Time.Advance(BeyondTheSession - TimeSpan.FromMinutes(1));
        var second = await caller.RefreshAsync(first["refresh_token"]!);
        Assert.Equal(HttpStatusCode.OK, second.Status);
        server.Time.Advance(TimeSpan.FromMinutes(1));

        var third = await caller.RefreshAsync(second["refresh_token"]!);

        if (outlives)
            Assert.Equal(HttpStatusCode.OK, third.Status);
        else
            third.ShouldBeRefused("invalid_grant", "OST2023");
    }

    [Fact]
    public async Task Goes_on_where_the_person_signed_in_again_in_time()
    {
        await using var server = await TestServer.StartAsync();
        using var browser = server.NewBrowser();
        using var web = new TokenClient(server, "web");
        var first = await web.SignInAsync(browser);
        server.Time.Advance(TimeSpan.FromHours(1));
        await web.SignInAsync(browser, more: "&prompt=login");
        server.Time.Advance(TimeSpan.FromHours(11.5));

        Assert.Equal(HttpStatusCode.OK, (await web.RefreshAsync(first["refresh_token"]!)).Status);
    }
}
