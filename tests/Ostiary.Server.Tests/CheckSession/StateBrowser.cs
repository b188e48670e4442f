using System.Net;
using Ostiary.Server.CheckSession;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.CheckSession;

/// <summary>A browser whose state cookie is seen, as the check-session frame sees it.</summary>
internal sealed class StateBrowser(TestServer server) : IDisposable
{
    private readonly Browser _browser = server.NewBrowser();

    public string? State => StateIn(_browser, server.Issuer);

    public Task<HttpResponseMessage> GetAsync(string url) => _browser.GetAsync(url);

    /// <summary>Signs alice in where it must be, and returns the <c>session_state</c> of the answer.</summary>
    public async Task<string?> AuthorizeAsync(string client, string more = "", string scope = "openid")
    {
        var answer = await _browser.AuthorizeAsync(
            $"client_id={client}&response_type=code&redirect_uri={Uri.EscapeDataString(TestServer.Callback)}&scope={scope}&state=s&nonce=n{more}"
        );
        var parameters = Browser.QueryOf(answer);
        Assert.True(parameters.Has("code"));
        return parameters["session_state"];
    }

    public async Task SignOutAsync()
    {
        var page = await (await _browser.GetAsync("/end_session")).Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var done = await _browser.PostAsync("/end_session", ("csrf", Browser.Field(page, "csrf")!), ("decision", "logout"));
        Assert.Equal(HttpStatusCode.OK, done.StatusCode);
    }

    public bool Judges(string client, string origin, string? sessionState) => Judges(_browser, server.Issuer, client, origin, sessionState);

    /// <summary>What the frame says to a page of that origin: true is "unchanged". Session Management §3.2</summary>
    public static bool Judges(Browser browser, string issuer, string client, string origin, string? sessionState) =>
        sessionState is not null && SessionState.Of(client, origin, StateIn(browser, issuer) ?? "", sessionState.Split('.')[1]) == sessionState;

    /// <summary>The cookie that scripts of the frame read.</summary>
    private static string? StateIn(Browser browser, string issuer) =>
        browser.Cookies.GetCookies(new Uri(issuer))["ostiary_state"] is { HttpOnly: false, Value.Length: > 0 } cookie ? cookie.Value : null;

    public void Dispose() => _browser.Dispose();
}
