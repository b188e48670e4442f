using Microsoft.AspNetCore.Http;
using Ostiary.Server.EndSession;
using Ostiary.Server.Http;
using Ostiary.Server.Interaction;
using Ostiary.Server.Sessions;
using Ostiary.Server.Stores;
using Ostiary.Server.Users;

namespace Ostiary.Server.Pages;

/// <summary>The pages of one issuer.</summary>
internal sealed class PageEndpoints
{
    private readonly Issuer _issuer;

    public PageEndpoints(
        Issuer issuer,
        BrowserSessions sessions,
        IInteractions interactions,
        IDeviceInteractions devices,
        Passwords passwords,
        IPasswordUpdates passwordUpdates,
        LogoutNotices notices
    )
    {
        _issuer = issuer;
        var pages = new PageContext(issuer, sessions, interactions);
        Login = new LoginPage(pages, new SignIn(issuer, sessions, passwords, passwordUpdates));
        Consent = new ConsentPage(pages);
        Device = new DevicePage(pages, devices);
        Logout = new LogoutPage(pages);
        Account = new AccountPage(pages, Logout, notices);
        Errors = new ErrorCodePage(issuer);
    }

    public LoginPage Login { get; }
    public ConsentPage Consent { get; }
    public DevicePage Device { get; }
    public AccountPage Account { get; }
    public ErrorCodePage Errors { get; }

    /// <summary>Shown by the end-session endpoint.</summary>
    public LogoutPage Logout { get; }

    /// <summary>A storage that fails is a page too: nothing that the request began leaves with it, no cookie and no redirect.</summary>
    public RequestDelegate Guard(RequestDelegate page) =>
        async http =>
        {
            var flow = Flow.Of(http);
            try
            {
                await page(http);
            }
            catch (StoreException failure) when (!http.Response.HasStarted)
            {
                http.Response.Clear();
                await ErrorPage.WriteAsync(http, _issuer, failure.Reason, flow, retryAfter: TimeSpan.FromSeconds(2));
            }
        };
}
