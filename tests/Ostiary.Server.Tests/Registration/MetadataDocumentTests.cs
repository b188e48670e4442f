using System.Net;
using System.Text;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.EndSession;
using Ostiary.Server.Registration;
using Ostiary.Server.Tests.EndSession;
using Ostiary.Server.Tests.Harness;
using Ostiary.Server.Tests.Outbound;

namespace Ostiary.Server.Tests.Registration;

/// <summary>Clients that are described at the address that their id is.</summary>
public sealed class MetadataDocumentTests : IAsyncLifetime
{
    private string _answer = "";
    private Peer _peer = null!;
    private TestServer _server = null!;

    private string Id => $"https://127.0.0.1:{_peer.Port}/app";

    public async ValueTask InitializeAsync()
    {
        _peer = new Peer(async (stream, ct) => await stream.WriteAsync(Encoding.Latin1.GetBytes(_answer), ct));
        _server = await _peer.StartServerAsync();
        await PolicyAsync("""{"metadata_documents":true}""");
        _answer = Peer.Ok(Document());
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _peer.DisposeAsync();
    }

    [Fact]
    [Trait("Spec", "CIMD §4.1")]
    [Trait("Spec", "CIMD §5")]
    public async Task A_client_is_what_its_document_says_and_the_page_says_who_vouches_for_it()
    {
        using var metadata = await _server.NewHttp().GetAsync("/.well-known/openid-configuration", TestContext.Current.CancellationToken);
        Assert.Contains(
            "\"client_id_metadata_document_supported\":true",
            await metadata.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        using var browser = _server.NewBrowser();
        using var client = new TokenClient(_server, Id, null);

        var tokens = await client.SignInAsync(browser);

        Assert.Equal(HttpStatusCode.OK, tokens.Status);
        Assert.Equal(HttpStatusCode.OK, (await client.UserInfoAsync(tokens["access_token"]!)).Status);
        var again = await client.TokenAsync(("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"]!));
        Assert.Equal(HttpStatusCode.OK, again.Status);
        Assert.Equal(1, _peer.Connections);
    }

    [Fact]
    [Trait("Spec", "CIMD §4.4")]
    public async Task A_document_is_read_again_when_its_time_is_over_and_its_change_holds_K18()
    {
        await AssertServedAsync();
        _answer = Peer.Ok(Document(redirect: "http://127.0.0.1:1/other"));
        await AssertServedAsync();
        _server.Time.Advance(TimeSpan.FromMinutes(61));

        Assert.Contains("OST1012", await AuthorizeAsync(Id), StringComparison.Ordinal);
        Assert.Equal(2, _peer.Connections);
    }

    [Fact]
    [Trait("Spec", "CIMD §4.1")]
    [Trait("Spec", "CIMD §4.3")]
    [Trait("Spec", "CIMD §6.6")]
    public async Task What_is_not_a_document_of_this_client_is_refused()
    {
        // K13, K15, K16, K17
        foreach (
            var answer in new[]
            {
                Peer.Ok(Document(id: Id + "/")),
                Peer.Ok(Document(id: Id.ToUpperInvariant())),
                Peer.Ok("{}"),
                Peer.Ok(Document(more: "\"client_secret\":\"x\",")),
                Peer.Ok(Document(more: "\"token_endpoint_auth_method\":\"client_secret_basic\",")),
                Peer.Ok(Document(more: "\"token_endpoint_auth_method\":\"client_secret_jwt\",")),
                Peer.Ok(Document(more: "\"software_statement\":\"e30.e30.\",")),
                Peer.Ok(Document(redirect: "javascript:alert(1)")),
                Peer.Ok(Document(), type: "text/html"),
                Peer.Ok(Document() + new string(' ', 5 * 1024)),
                "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            }
        )
        {
            _answer = answer;
            var page = await AuthorizeAsync(Id);
            Assert.Contains("OST1015", page, StringComparison.Ordinal);
            Assert.DoesNotContain("alert(1)", page, StringComparison.Ordinal); // K21
            _server.Time.Advance(TimeSpan.FromHours(2));
        }
        Assert.True(await _server.RefusedWithAsync(Reason.ClientDocumentUnusable));
    }

    [Theory]
    [InlineData("https://u@h.test/c")]
    [InlineData("https://h.test")]
    [InlineData("https://h.test/")]
    [InlineData("https://h.test/./c")]
    [InlineData("https://h.test/a/../c")]
    [InlineData("https://h.test/c#f")]
    [InlineData("https://h.test/c?q")]
    [InlineData("https://h.test\\c")]
    [InlineData("http://h.test/c")]
    [InlineData("https://h.test:22/c")]
    [InlineData("https://H.test/c")]
    [InlineData("https://2130706433/c")]
    [Trait("Spec", "CIMD §3")]
    public void Odd_addresses_are_no_ids_K12(string id) => Assert.False(MetadataDocument.IsId(id, anyPort: false));

    [Fact]
    [Trait("Spec", "CIMD §4.3")]
    public async Task Nothing_is_fetched_where_it_is_off_or_the_host_is_not_on_the_list()
    {
        await PolicyAsync("{}");
        Assert.Contains("OST1011", await AuthorizeAsync(Id), StringComparison.Ordinal);
        await PolicyAsync("""{"metadata_documents":true,"document_hosts":["good.test"]}""");
        Assert.Contains("OST1011", await AuthorizeAsync(Id), StringComparison.Ordinal);
        Assert.Equal(0, _peer.Connections);
    }

    [Fact]
    [Trait("Spec", "CIMD §6.5")]
    public async Task A_flood_of_addresses_is_no_flood_of_fetches_K20()
    {
        _answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
        for (var i = 0; i < 30; i++)
            Assert.Contains("OST1015", await AuthorizeAsync($"{Id}/{i}"), StringComparison.Ordinal);

        Assert.Contains("OST1005", await AuthorizeAsync($"{Id}/more"), StringComparison.Ordinal);
        Assert.Equal(30, _peer.Connections);
    }

    [Fact]
    [Trait("Spec", "CIMD §6.4")]
    public async Task The_consent_page_names_the_host_and_warns_of_programs_on_this_computer_K19()
    {
        using var browser = _server.NewBrowser();
        await browser.AuthorizeAsync(Ask.Query("web")); // Alice is signed in.
        using var asked = await browser.GetAsync($"{_server.Issuer}/authorize?{Ask.Query("web", ("client_id", Id))}");
        using var shown = await browser.GetAsync(asked.Headers.Location!.OriginalString);
        var page = await shown.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Contains("<dt>Known by</dt><dd><strong>127.0.0.1</strong></dd>", page, StringComparison.Ordinal);
        Assert.Contains("Any program here can pretend to be it", page, StringComparison.Ordinal);
        Assert.Contains("Not verified", page, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Spec", "Back-Channel Logout §2.5")]
    [Trait("Spec", "Front-Channel Logout §2")]
    public async Task A_described_client_hears_of_logouts_also_where_no_other_does()
    {
        _answer = Peer.Ok(
            Document(
                more: $"\"backchannel_logout_uri\":\"https://127.0.0.1:{_peer.Port}/out\",\"frontchannel_logout_uri\":\"http://127.0.0.1:1/front\","
            )
        );
        using var browser = _server.NewBrowser();
        using var client = new TokenClient(_server, Id, null);
        var idToken = (await client.SignInAsync(browser))["id_token"]!;

        var page = await (await browser.GetAsync("/end_session?id_token_hint=" + idToken)).Content.ReadAsStringAsync(
            TestContext.Current.CancellationToken
        );

        Assert.StartsWith("http://127.0.0.1:1/front?iss=", Assert.Single(FrontchannelLogoutTests.FramesOf(page)), StringComparison.Ordinal);
        var sid = LogoutPeer.Part(idToken, 1).GetProperty("sid").GetString()!;
        var notices = await _server.Server.Issuer.Stores.LogoutNotices.OfSessionAsync(sid, TestContext.Current.CancellationToken);
        Assert.Equal(Id, Assert.Single(notices).ClientId);
        Assert.NotEqual(LogoutNoticeState.Shown, notices[0].State);
    }

    private string Document(string? id = null, string redirect = TestServer.Callback, string more = "") =>
        $$"""{"client_id":"{{id ?? Id}}",{{more}}"client_name":"Tool","redirect_uris":["{{redirect}}"]}""";

    private async Task PolicyAsync(string policy) =>
        await _server.AdministerAsync(
            "POST",
            "/config/apply",
            """{"configuration":{"issuer":{"registration":POLICY}}}""".Replace("POLICY", policy, StringComparison.Ordinal)
        );

    private async Task AssertServedAsync() => Assert.DoesNotContain("OST1", await AuthorizeAsync(Id), StringComparison.Ordinal);

    private async Task<string> AuthorizeAsync(string id)
    {
        using var http = _server.NewHttp();
        using var answer = await http.GetAsync(
            _server.Server.Issuer.Url.At("/authorize?" + Ask.Query("web", ("client_id", id))),
            TestContext.Current.CancellationToken
        );
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }
}
