using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Ostiary.AspNetCore.Api;

namespace Ostiary.Samples.Api;

/// <summary>Where the sample API is, and whose tokens it takes.</summary>
public sealed record SampleApiOptions
{
    /// <summary>Where it listens.</summary>
    public string Url { get; init; } = "http://127.0.0.1:5081";

    public required string Issuer { get; init; }

    /// <summary>The identifier of this API.</summary>
    public required string Audience { get; init; }

    /// <summary>Its credentials for introspection; null: JWTs only.</summary>
    public IntrospectionCredentials? Introspection { get; init; }

    /// <summary>Ask the issuer about each token, so that a revoked one is refused at once.</summary>
    public bool CheckRevocation { get; init; }

    /// <summary>Take only tokens that are bound to a key by DPoP.</summary>
    public bool RequireDpop { get; init; }

    /// <summary>Where <c>/bill</c> comes from; null: there is none.</summary>
    public NextApiOptions? Next { get; init; }

    public X509Certificate2? Certificate { get; init; }
    public X509Certificate2? TrustedAuthority { get; init; }

    /// <summary>The clock. Null: the system's.</summary>
    public TimeProvider? Time { get; init; }
}

/// <summary>Notes: each person reads and writes their own.</summary>
public static class SampleApi
{
    private const int MaxNotes = 100;

    public static WebApplication Build(SampleApiOptions options, Action<ApiCheck>? observe = null, Action<ApiOptions>? configure = null)
    {
        var builder = SampleHost.Create(options.Url, options.Certificate);
        builder.Services.AddSingleton(options.Time ?? TimeProvider.System);
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, SampleJson.Default));
        builder.Services.AddOstiaryApi(api =>
        {
            api.Issuer = options.Issuer;
            api.Audience = options.Audience;
            api.Introspection = options.Introspection;
            api.Address = options.Url;
            api.RequireDpop = options.RequireDpop;
            api.CheckRevocation = options.CheckRevocation;
            api.OnChecked = observe;
            if (options.TrustedAuthority is not null)
                api.Backchannel.TrustedAuthorities.Add(options.TrustedAuthority);
            configure?.Invoke(api);
        });
        var app = builder.Build();
        app.UseOstiaryApi();

        var notes = new ConcurrentDictionary<string, ConcurrentQueue<Note>>(StringComparer.Ordinal);
        ConcurrentQueue<Note> Mine(HttpContext http) => notes.GetOrAdd(http.AccessToken().Subject!, _ => new ConcurrentQueue<Note>());

        app.MapGet("/notes", (HttpContext http) => Mine(http).ToArray()).RequireScope("notes:read");
        app.MapPost("/notes", (HttpContext http, Note note) => Add(Mine(http), note)).RequireScope("notes:write");
        if (options.Next is { } next)
            app.MapGet("/bill", new NextApi(next, options.Issuer).AnswerAsync).RequireScope("notes:read");
        app.MapGet("/whoami", (HttpContext http) => WhoAmI.Of(http.AccessToken())).RequireToken();
        return app;
    }

    private static IResult Add(ConcurrentQueue<Note> mine, Note note)
    {
        if (note.Text is not { Length: > 0 and <= 1000 })
            return Results.BadRequest();
        mine.Enqueue(note);
        while (mine.Count > MaxNotes)
            mine.TryDequeue(out _);
        return Results.Json(note, SampleJson.Default.Note, statusCode: StatusCodes.Status201Created);
    }
}

public sealed record Note(string? Text);

public sealed record WhoAmI(string? Sub, [property: JsonPropertyName("client_id")] string? ClientId, string Scope)
{
    internal static WhoAmI Of(AccessToken token) => new(token.Subject, token.ClientId, token.Scopes.ToString());
}

[JsonSerializable(typeof(Note))]
[JsonSerializable(typeof(Note[]))]
[JsonSerializable(typeof(WhoAmI))]
internal sealed partial class SampleJson : JsonSerializerContext;
