using System.Net;
using System.Text.RegularExpressions;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.DeviceAuthorization;

/// <summary>A server with a television, and what people do with it: begin at the device, type the code, compare, answer.</summary>
public sealed partial class DeviceFlow : IAsyncLifetime
{
    public const string GrantType = "urn:ietf:params:oauth:grant-type:device_code";

    public TestServer Server { get; private set; } = null!;
    public TokenClient Tv { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await TestServer.StartAsync();
        await Server.AddClientAsync("""{"client_id":"tv","type":"device","client_name":"Living room","scope":"openid offline_access read write"}""");
        await Server.AddClientAsync("""{"client_id":"tv2","type":"device","client_name":"Kitchen"}""");
        Tv = new(Server, "tv", secret: null);
    }

    public async Task<Answer> BeginAsync(string scope = "openid read", TokenClient? client = null)
    {
        var answer = await (client ?? Tv).PostAsync("/device_authorization", ("scope", scope));
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return answer;
    }

    public Task<Answer> PollAsync(string deviceCode, TokenClient? client = null, params (string, string)[] more) =>
        (client ?? Tv).TokenAsync([("grant_type", GrantType), ("device_code", deviceCode), .. more]);

    /// <summary>Polls as a device that waits as long as it was told.</summary>
    public Task<Answer> WaitAndPollAsync(string deviceCode, int seconds = 5)
    {
        Server.Time.Advance(TimeSpan.FromSeconds(seconds));
        return PollAsync(deviceCode);
    }

    public async Task<Browser> SignedInAsync(string user = "alice")
    {
        var browser = Server.NewBrowser();
        var login = await browser.GetAsync("/login");
        var done = await browser.FillAsync(login, user, TestServer.Password, "allow");
        Assert.Equal(HttpStatusCode.SeeOther, done!.StatusCode);
        return browser;
    }

    /// <summary>The page that a typed code leads to.</summary>
    public static async Task<HttpResponseMessage> TypeAsync(Browser browser, string code)
    {
        var html = await TextAsync(await browser.GetAsync("/device"));
        return await browser.PostAsync("/device", ("csrf", Browser.Field(html, "csrf")!), ("user_code", code));
    }

    /// <summary>Types the code and answers the page that shows it again.</summary>
    public static async Task<HttpResponseMessage> DecideAsync(Browser browser, string code, string decision = "allow", params (string, string)[] more)
    {
        var html = await TextAsync(await TypeAsync(browser, code));
        return await AnswerAsync(browser, html, decision, more);
    }

    public static Task<HttpResponseMessage> AnswerAsync(Browser browser, string html, string decision, params (string, string)[] more) =>
        browser.PostAsync(
            "/device",
            [("csrf", Browser.Field(html, "csrf")!), ("user_code", Browser.Field(html, "user_code")!), ("decision", decision), .. more]
        );

    public static async Task<string> TextAsync(HttpResponseMessage response) =>
        await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    [GeneratedRegex("^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$")]
    public static partial Regex UserCode();

    public async ValueTask DisposeAsync()
    {
        Tv.Dispose();
        await Server.DisposeAsync();
    }
}
