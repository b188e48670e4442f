using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ostiary.Protocol;
using Ostiary.Server.Hosting;
using Ostiary.Server.Http;
using Ostiary.Server.Pages;

namespace Ostiary.Server;

/// <summary>The table of contents: one line per route, with its specification and the lane that says when it is shed; routes without one never are.</summary>
public static class MapOstiaryExtensions
{
    private static readonly string[] GetOrPost = ["GET", "POST"];
    private static readonly string[] GetOrHead = ["GET", "HEAD"];
    private static readonly string[] GetPutDelete = ["GET", "PUT", "DELETE"];
    private static readonly string[] Options = ["OPTIONS"];
    private static readonly string[] Read = ["GET", "HEAD", "OPTIONS"];

    // csharpier-ignore
    public static void MapOstiary(this IEndpointRouteBuilder app, OstiaryEndpoints on)
    {
        var at = app.MapGroup(on.Issuer.Url.Path);
        var pages = on.Pages;
        var lanes = on.Admission;

        at.MapMethods("/authorize", GetOrPost,        pages.Guard(on.Authorize.HandleAsync))          .In(lanes.Authorization);                      // RFC 6749 §3.1
        at.MapGet ("/authorize/continue",             pages.Guard(on.Approvals.ContinueAsync))        .In(lanes.Page);                               // OIDC Core §3.1.2.3
        at.MapPost("/par",                            on.Push.HandleAsync)                            .In(lanes.Authorization).OpenTo(on.Cors.Apps); // RFC 9126 §2
        at.MapPost("/device_authorization",           on.Device.HandleAsync)                          .In(lanes.Authorization);                      // RFC 8628 §3.1
        at.MapPost("/token",                          on.Token.HandleAsync)                           .In(lanes.Token)        .OpenTo(on.Cors.Apps); // RFC 6749 §3.2
        at.MapPost("/introspect",                     on.Introspection.HandleAsync)                   .In(lanes.Revocation);                         // RFC 7662 §2
        at.MapPost("/revoke",                         on.Revocation.HandleAsync)                      .In(lanes.Revocation)   .OpenTo(on.Cors.Apps); // RFC 7009 §2
        at.MapPost("/register",                       on.Registration.HandleAsync)                    .In(lanes.Password)     .OpenTo(Cors.Any);     // RFC 7591 §3
        at.MapMethods("/register/{id}", GetPutDelete, on.Management.HandleAsync)                      .In(lanes.Password)     .OpenTo(Cors.Any);     // RFC 7592 §2
        at.MapMethods("/userinfo", GetOrPost,         on.UserInfo.HandleAsync)                        .In(lanes.Revocation)   .OpenTo(on.Cors.Apps); // OIDC Core §5.3
        at.MapMethods("/end_session", GetOrPost,      pages.Guard(on.EndSession.HandleAsync))         .In(lanes.Page);                               // RP-Initiated Logout §2
        at.MapGet ("/check_session",                  on.CheckSession.HandleAsync);                                                                  // Session Management §3.3

        at.MapGet ("/login",                          pages.Guard(pages.Login.ShowAsync))             .In(lanes.Page);                               // OIDC Core §3.1.2.3
        at.MapPost("/login",                          pages.Guard(pages.Login.SubmitAsync))           .In(lanes.Password);                           // OIDC Core §3.1.2.3
        at.MapGet ("/consent",                        pages.Guard(pages.Consent.ShowAsync))           .In(lanes.Page);                               // OIDC Core §3.1.2.4
        at.MapPost("/consent",                        pages.Guard(pages.Consent.SubmitAsync))         .In(lanes.Page);                               // OIDC Core §3.1.2.4
        at.MapGet ("/device",                         pages.Guard(pages.Device.ShowAsync))            .In(lanes.Page);                               // RFC 8628 §3.3
        at.MapPost("/device",                         pages.Guard(pages.Device.SubmitAsync))          .In(lanes.Page);                               // RFC 8628 §3.3
        at.MapGet ("/account",                        pages.Guard(pages.Account.ShowAsync))           .In(lanes.Page);
        at.MapPost("/account/sessions/end",           pages.Guard(pages.Account.EndSessionAsync))     .In(lanes.Page);
        at.MapPost("/account/sessions/end-all",       pages.Guard(pages.Account.EndAllSessionsAsync)) .In(lanes.Page);
        at.MapPost("/account/apps/revoke",            pages.Guard(pages.Account.RevokeAsync))         .In(lanes.Page);
        at.MapGet ("/errors/{code}",                  pages.Guard(pages.Errors.ShowAsync));                                                          // RFC 6749 §4.1.2.1
        at.MapGet ("/assets/{name}",                  Assets.ServeAsync);

        at.MapMethods("/par", Options,                on.Cors.PreflightAsync);                                                                       // RFC 9700 §2.6
        at.MapMethods("/token", Options,              on.Cors.PreflightAsync);                                                                       // RFC 9700 §2.6
        at.MapMethods("/revoke", Options,             on.Cors.PreflightAsync);                                                                       // RFC 9700 §2.6
        at.MapMethods("/register", Options,           Cors.PreflightAnyAsync);                                                                       // RFC 7591 §3
        at.MapMethods("/register/{id}", Options,      Cors.PreflightAnyAsync);                                                                       // RFC 7592 §2
        at.MapMethods("/userinfo", Options,           on.Cors.PreflightAsync);                                                                       // RFC 9700 §2.6

        at.MapMethods("/.well-known/openid-configuration", Read,                                      Cors.Public(on.Discovery.HandleAsync)); // OIDC Discovery §4
        at.MapMethods("/.well-known/jwks.json", GetOrHead,                                            on.Jwks.HandleAsync);                   // RFC 7517 §5
        at.MapMethods("/.well-known/oauth-protected-resource/{**resource}", Read,                     Cors.Public(on.Resources.HandleAsync)); // RFC 9728 §3
        app.MapMethods("/.well-known/oauth-authorization-server" + on.Issuer.Url.Path, Read,          Cors.Public(on.Discovery.HandleAsync)); // RFC 8414 §3
        if (on.Issuer.Url.Path.Length > 0)
        {
            // Clients look for either document at either place; it is the same one everywhere.
            app.MapMethods("/.well-known/openid-configuration" + on.Issuer.Url.Path, Read,            Cors.Public(on.Discovery.HandleAsync)); // RFC 8414 §5
            app.MapMethods($"{ProtectedResource.WellKnown}{on.Issuer.Url.Path}/{{**resource}}", Read, Cors.Public(on.Resources.HandleAsync)); // RFC 9728 §3.1
            at.MapMethods("/.well-known/oauth-authorization-server", Read,                            Cors.Public(on.Discovery.HandleAsync)); // RFC 8414 §5
        }
    }
}
