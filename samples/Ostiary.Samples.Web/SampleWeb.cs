using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Ostiary.AspNetCore.Bff;
using Ostiary.Protocol;

namespace Ostiary.Samples.Web;

/// <summary>Where the sample app is, who signs its people in, and which API it calls.</summary>
public sealed record SampleWebOptions
{
    /// <summary>Where it listens, and where browsers find it.</summary>
    public string Url { get; init; } = "http://127.0.0.1:5082";

    public required string Issuer { get; init; }
    public required string ClientId { get; init; }
    public string? ClientSecret { get; init; }

    /// <summary>The base address of the sample API.</summary>
    public required string ApiUrl { get; init; }

    /// <summary>The identifier of the sample API.</summary>
    public required string Resource { get; init; }

    public string Scope { get; init; } = "openid profile offline_access notes:read notes:write";
    public X509Certificate2? Certificate { get; init; }
    public X509Certificate2? TrustedAuthority { get; init; }

    /// <summary>The clock. Null: the system's.</summary>
    public TimeProvider? Time { get; init; }
}

/// <summary>A web app whose browser never sees a token: home page, sign in, sign out, notes from the API.</summary>
public static class SampleWeb
{
    private const int MaxForm = 8 * 1024;

    public static WebApplication Build(SampleWebOptions options, Action<BffHop>? observe = null, Action<BffOptions>? configure = null)
    {
        var builder = SampleHost.Create(options.Url, options.Certificate);
        builder.Services.AddSingleton(options.Time ?? TimeProvider.System);
        builder.Services.AddOstiaryBff(bff =>
        {
            bff.Issuer = options.Issuer;
            bff.ClientId = options.ClientId;
            bff.ClientSecret = options.ClientSecret;
            bff.Origin = options.Url;
            bff.Scope = options.Scope;
            bff.Resource = options.Resource;
            bff.Apis = [options.ApiUrl];
            bff.OnHop = observe;
            if (options.TrustedAuthority is not null)
                bff.Backchannel.TrustedAuthorities.Add(options.TrustedAuthority);
            configure?.Invoke(bff);
        });
        var app = builder.Build();
        app.UseOstiaryBff();
        app.MapGet("/", http => HomeAsync(http, options));
        app.MapGet("/style.css", Page.StyleAsync);
        app.MapPost("/notes", http => AddNoteAsync(http, options)).RequireBffHeader();
        return app;
    }

    private static async Task HomeAsync(HttpContext http, SampleWebOptions options)
    {
        if (http.SignedIn() is not { } user)
        {
            await Page.WriteAsync(http, options.Issuer, Page.Stranger);
            return;
        }
        using var request = new HttpRequestMessage(HttpMethod.Get, options.ApiUrl + "/notes");
        using var response = await http.CallApiAsync(request, http.RequestAborted);
        // The call may have found that the session has ended.
        if (http.SignedIn() is null)
        {
            await Page.WriteAsync(http, options.Issuer, Page.Stranger);
            return;
        }
        var notes = response.IsSuccessStatusCode ? await NotesAsync(response, http.RequestAborted) : null;
        await Page.WriteAsync(http, options.Issuer, Page.Home(user, (int)response.StatusCode, notes));
    }

    private static async Task AddNoteAsync(HttpContext http, SampleWebOptions options)
    {
        var text = (await FormAsync(http.Request))["text"] ?? "";
        using var request = new HttpRequestMessage(HttpMethod.Post, options.ApiUrl + "/notes")
        {
            Content = new StringContent($"{{\"text\":\"{JsonEncodedText.Encode(text)}\"}}", Encoding.UTF8, "application/json"),
        };
        using var response = await http.CallApiAsync(request, http.RequestAborted);
        http.Response.StatusCode = StatusCodes.Status303SeeOther;
        http.Response.Headers.Location = "/";
    }

    private static async Task<FormParameters> FormAsync(HttpRequest request)
    {
        var buffer = new byte[MaxForm];
        var length = await request.Body.ReadAtLeastAsync(buffer, MaxForm, throwOnEndOfStream: false, request.HttpContext.RequestAborted);
        return FormParameters.TryParse(buffer.AsSpan(0, length), out var form) is null ? form : FormParameters.Empty;
    }

    private static async Task<IReadOnlyList<string>> NotesAsync(HttpResponseMessage response, CancellationToken ct)
    {
        using var document = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(ct), default, ct);
        return [.. document.RootElement.EnumerateArray().Select(note => note.GetProperty("text").GetString() ?? "")];
    }
}
