using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Ostiary.Protocol;

namespace Ostiary.AspNetCore.Api;

/// <summary>Protects an API with access tokens: three lines in its program.</summary>
/// <example><code>
/// builder.Services.AddOstiaryApi(o => { o.Issuer = "https://id.example"; o.Audience = "https://api.example"; });
/// app.UseOstiaryApi();
/// app.MapGet("/notes", List).RequireScope("notes:read");
/// </code></example>
public static class OstiaryApi
{
    /// <summary>Adds the checks. Throws where the options cannot be meant.</summary>
    public static IServiceCollection AddOstiaryApi(this IServiceCollection services, Action<ApiOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var options = new ApiOptions();
        configure(options);
        options.Validate();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new BearerGate(
            options,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<BearerGate>>()
        ));
        return services;
    }

    /// <summary>
    /// Checks the token early, before what comes after in the pipeline sees the call, and serves the metadata of this API (RFC 9728). Endpoints that demand a token check
    /// it in any case.
    /// </summary>
    public static IApplicationBuilder UseOstiaryApi(this IApplicationBuilder app)
    {
        var gate = app.ApplicationServices.GetRequiredService<BearerGate>();
        gate.Metadata.IsServed = true;
        return app.Use(
            async (http, next) =>
            {
                if (gate.Metadata.IsAskedBy(http))
                    await gate.Metadata.WriteAsync(http);
                else if (RequiredBy(http.GetEndpoint()) is not { } required || await gate.PassesAsync(http, required))
                    await next(http);
            }
        );
    }

    /// <summary>The endpoint answers only calls with a valid access token, of any scope.</summary>
    public static TBuilder RequireToken<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.RequireScope();

    /// <summary>The endpoint answers only calls with a valid access token that has all these scopes. Said several times, all of it is demanded.</summary>
    public static TBuilder RequireScope<TBuilder>(this TBuilder endpoint, params string[] scopes)
        where TBuilder : IEndpointConventionBuilder
    {
        if (!ScopeSet.TryParse(string.Join(' ', scopes), out var set))
            throw new ArgumentException("A scope contains characters that no scope may contain.", nameof(scopes));
        endpoint.Add(builder => builder.Metadata.Add(new TokenRequirement(set)));
        endpoint.Finally(Guard);
        return endpoint;
    }

    /// <summary>
    /// Demands scopes that only the content of a call shows, as the tool that an MCP client calls. False: the token does not have them, and the call was answered with
    /// all that it needs, so the client can ask the person for it; the endpoint then writes nothing.
    /// </summary>
    public static ValueTask<bool> DemandScopeAsync(this HttpContext http, params string[] scopes)
    {
        ArgumentNullException.ThrowIfNull(http);
        if (!ScopeSet.TryParse(string.Join(' ', scopes), out var set))
            throw new ArgumentException("A scope contains characters that no scope may contain.", nameof(scopes));
        var required = (RequiredBy(http.GetEndpoint()) ?? ScopeSet.None).Union(set);
        return http.RequestServices.GetRequiredService<BearerGate>().PassesAsync(http, required);
    }

    // The guard is part of the endpoint itself, so an app that forgets the middleware does not stand open.
    private static void Guard(EndpointBuilder builder)
    {
        if (builder.RequestDelegate is not { } endpoint || builder.Metadata.OfType<GuardedMark>().Any())
            return;
        builder.Metadata.Add(GuardedMark.Instance);
        builder.RequestDelegate = async http =>
        {
            var gate = http.RequestServices.GetRequiredService<BearerGate>();
            if (await gate.PassesAsync(http, RequiredBy(http.GetEndpoint()) ?? ScopeSet.None))
                await endpoint(http);
        };
    }

    private static ScopeSet? RequiredBy(Endpoint? endpoint)
    {
        ScopeSet? required = null;
        foreach (var requirement in endpoint?.Metadata.GetOrderedMetadata<TokenRequirement>() ?? [])
            required = required?.Union(requirement.Scopes) ?? requirement.Scopes;
        return required;
    }

    private sealed class GuardedMark
    {
        public static GuardedMark Instance { get; } = new();
    }
}

/// <summary>What an endpoint demands of a token.</summary>
internal sealed record TokenRequirement(ScopeSet Scopes);

/// <summary>The token of a call.</summary>
public static class HttpContextTokens
{
    /// <summary>The access token that this call was let in with. Only for endpoints that demand one: elsewhere it throws.</summary>
    public static AccessToken AccessToken(this HttpContext http) =>
        http.Features.Get<AccessToken>()
        ?? throw new InvalidOperationException("This endpoint does not demand a token: add RequireToken() or RequireScope().");
}
