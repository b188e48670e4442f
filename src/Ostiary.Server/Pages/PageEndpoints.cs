using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ostiary.Server.Http;
using Ostiary.Server.Interaction;
using Ostiary.Server.Sessions;
using Ostiary.Server.Stores;
using Ostiary.Server.Users;

namespace Ostiary.Server.Pages;

/// <summary>The pages and their addresses.</summary>
public static class PageEndpoints
{
    public static void Map(
        IEndpointRouteBuilder app,
        Issuer issuer,
        BrowserSessions sessions,
        IInteractions interactions,
        Passwords passwords,
        IPasswordUpdates passwordUpdates
    )
    {
        var pages = new PageContext(issuer, sessions, interactions);
        var login = new LoginPage(pages, new SignIn(issuer, sessions, passwords, passwordUpdates));
        var consent = new ConsentPage(pages);
        var account = new AccountPage(pages);
        var errors = new ErrorCodePage(issuer);

        app.MapGet("/login", Guarded(issuer, login.ShowAsync));
        app.MapPost("/login", Guarded(issuer, login.SubmitAsync));
        app.MapGet("/consent", Guarded(issuer, consent.ShowAsync));
        app.MapPost("/consent", Guarded(issuer, consent.SubmitAsync));
        app.MapGet("/account", Guarded(issuer, account.ShowAsync));
        app.MapPost("/account/sessions/end", Guarded(issuer, account.EndSessionAsync));
        app.MapPost("/account/sessions/end-all", Guarded(issuer, account.EndAllSessionsAsync));
        app.MapPost("/account/apps/revoke", Guarded(issuer, account.RevokeAsync));
        app.MapGet("/errors/{code}", Guarded(issuer, errors.ShowAsync));
        app.MapGet("/assets/{name}", (RequestDelegate)Assets.ServeAsync);
    }

    /// <summary>A storage that fails is a page too: nothing that the request began leaves with it, no cookie and no redirect.</summary>
    private static RequestDelegate Guarded(Issuer issuer, RequestDelegate page) =>
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
                await ErrorPage.WriteAsync(http, issuer, failure.Reason, flow);
            }
        };
}
