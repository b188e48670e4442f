using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Ostiary.AspNetCore.Api;

namespace Ostiary.Samples.Api;

/// <summary>Another API that this one calls for whoever called it.</summary>
/// <param name="Url">What is fetched there.</param>
/// <param name="Audience">The identifier of that API.</param>
/// <param name="Scope">What is needed there.</param>
/// <param name="Client">Who exchanges: this API, as a client of the issuer.</param>
public sealed record NextApiOptions(string Url, string Audience, string Scope, IntrospectionCredentials Client)
{
    /// <summary>How the next API and the issuer are called. Null: as usual.</summary>
    public HttpMessageHandler? Handler { get; init; }
}

/// <summary>
/// The token of the caller is for this API alone. So it is exchanged at the issuer for one to the next API, which says less, and names this API as the one that
/// acts. RFC 8693 §2.1
/// </summary>
internal sealed class NextApi(NextApiOptions next, string issuer)
{
    private const string AccessToken = "urn:ietf:params:oauth:token-type:access_token"; // RFC 8693 §3

    private readonly HttpClient _http = next.Handler is { } handler ? new(handler) : new();

    public async Task AnswerAsync(HttpContext context)
    {
        var token = AuthenticationHeaderValue.Parse(context.Request.Headers.Authorization.ToString()).Parameter!;
        if (await ExchangeAsync(token, context.RequestAborted) is not { } exchanged)
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }
        using var request = new HttpRequestMessage(HttpMethod.Get, next.Url);
        request.Headers.Authorization = new("Bearer", exchanged);
        using var answer = await _http.SendAsync(request, context.RequestAborted);
        context.Response.StatusCode = answer.IsSuccessStatusCode ? StatusCodes.Status200OK : StatusCodes.Status502BadGateway;
        context.Response.ContentType = "application/json";
        if (answer.IsSuccessStatusCode)
            await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    /// <summary>Null: the issuer did not allow it.</summary>
    private async Task<string?> ExchangeAsync(string token, CancellationToken ct)
    {
        using var metadata = JsonDocument.Parse(await _http.GetStringAsync($"{issuer}/.well-known/openid-configuration", ct));
        using var request = new HttpRequestMessage(HttpMethod.Post, metadata.RootElement.GetProperty("token_endpoint").GetString())
        {
            Content = new FormUrlEncodedContent([
                new("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                new("subject_token", token),
                new("subject_token_type", AccessToken),
                new("audience", next.Audience),
                new("scope", next.Scope),
            ]),
        };
        var basic = $"{Uri.EscapeDataString(next.Client.ClientId)}:{Uri.EscapeDataString(next.Client.Secret)}"; // RFC 6749 §2.3.1
        request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(basic)));
        using var answer = await _http.SendAsync(request, ct);
        if (!answer.IsSuccessStatusCode)
            return null;
        using var tokens = JsonDocument.Parse(await answer.Content.ReadAsStreamAsync(ct));
        return tokens.RootElement.GetProperty("access_token").GetString();
    }
}
