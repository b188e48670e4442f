using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Ostiary.Protocol.Reasons;

namespace Ostiary.AspNetCore.Bff;

/// <summary>Signs people in and keeps their tokens on the server: two lines in an app's program.</summary>
/// <example><code>
/// builder.Services.AddOstiaryBff(o => { o.Issuer = "https://id.example"; o.ClientId = "web"; o.ClientSecret = secret; o.Origin = "https://app.example"; });
/// app.UseOstiaryBff();
/// app.MapGet("/", (HttpContext http) => http.SignedIn() is { } user ? $"Hello {user.Name}" : "Hello stranger");
/// </code></example>
public static class OstiaryBff
{
    /// <summary>Adds what the sign-in needs. Throws where the options cannot be meant.</summary>
    public static IServiceCollection AddOstiaryBff(this IServiceCollection services, Action<BffOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var options = new BffOptions();
        configure(options);
        options.Validate();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new BffParts(
            options,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<BffParts>>()
        ));
        return services;
    }

    /// <summary>Recognises signed-in browsers, and maps the five paths of <see cref="BffOptions"/>.</summary>
    public static WebApplication UseOstiaryBff(this WebApplication app)
    {
        var parts = app.Services.GetRequiredService<BffParts>();
        app.Use(
            async (http, next) =>
            {
                await RecogniseAsync(http, parts);
                await next(http);
            }
        );
        var signIn = new SignInEndpoint(parts);
        var signOut = new SignOutEndpoint(parts);
        app.MapGet(parts.Options.SignInPath, signIn.StartAsync);
        app.MapGet(parts.Options.CallbackPath, signIn.FinishAsync);
        app.MapMethods(parts.Options.SignOutPath, ["GET", "POST"], signOut.StartAsync);
        app.MapGet(parts.Options.SignOutCallbackPath, signOut.FinishAsync);
        app.MapPost(parts.Options.BackchannelLogoutPath, new BackchannelLogoutEndpoint(parts).HandleAsync); // Back-Channel Logout §2.5
        return app;
    }

    /// <summary>
    /// Refuses (403) requests with an unsafe method that another site may have caused: they need the header <c>X-Bff: 1</c>, or a browser that says
    /// <c>Sec-Fetch-Site: same-origin</c> (where it says nothing: an <c>Origin</c> of this app).
    /// </summary>
    public static TBuilder RequireBffHeader<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder
    {
        endpoint.Finally(builder =>
        {
            if (builder.RequestDelegate is not { } inner)
                return;
            builder.RequestDelegate = http =>
            {
                var options = http.RequestServices.GetRequiredService<BffParts>().Options;
                return OwnPage.IsSafe(http.Request.Method) || OwnPage.IsSource(http.Request, options)
                    ? inner(http)
                    : BffPage.WriteRefusalAsync(http, options, Reason.FormForged);
            };
        });
        return endpoint;
    }

    private static async ValueTask RecogniseAsync(HttpContext http, BffParts parts)
    {
        if (!parts.Cookies.HasSession(http))
            return;
        var session = parts.Cookies.Session(http) is { } value ? await FindAsync(BffCookies.IdOf(value), parts, http.RequestAborted) : null;
        if (session is null)
        {
            parts.Cookies.EndSession(http);
            return;
        }
        http.Features.Set(session);
        http.User = session.User.ToPrincipal();
    }

    private static async ValueTask<CurrentSession?> FindAsync(string id, BffParts parts, CancellationToken ct)
    {
        if (await parts.Sessions.FindAsync(id, ct) is not { } session)
            return null;
        var now = parts.Clock.GetUtcNow();
        if (now >= session.Ends || now - session.LastSeen >= parts.Options.SessionIdle)
        {
            await parts.Sessions.RemoveAsync(id, ct);
            return null;
        }
        // Written at most sixty times an idle period, and never against a refresh that happens meanwhile.
        if (now - session.LastSeen >= parts.Options.SessionIdle / 60)
        {
            var touched = session with { LastSeen = now };
            session = await parts.Sessions.TryReplaceAsync(id, session, touched, ct) ? touched : await parts.Sessions.FindAsync(id, ct);
        }
        return session is null ? null : new CurrentSession(id, session);
    }
}

/// <summary>The session of a request.</summary>
internal sealed class CurrentSession(string id, BffSession session)
{
    public string Id { get; } = id;
    public BffSession Session { get; set; } = session;
    public SignedInUser User { get; } = new(session);
}
