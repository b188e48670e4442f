using System.Net;
using System.Text;
using System.Text.Json;
using Ostiary.AspNetCore.Observation;
using Ostiary.Protocol;
using Ostiary.Protocol.Dpop;
using Ostiary.Protocol.Jose;

namespace Ostiary.Cli.Demo;

/// <summary>An answer, with what the story needs of it.</summary>
internal sealed record DemoReply(int Status, string? Location, string Body, string? Challenge)
{
    /// <summary>The parameters of the redirect, or the members of the JSON object.</summary>
    public required IReadOnlyDictionary<string, string> Values { get; init; }

    public string? this[string name] => Values.GetValueOrDefault(name);
}

/// <summary>Somebody who sends requests: a browser with cookies, or a program without. Each call becomes a hop of the present step.</summary>
internal sealed class DemoActor(DemoStage stage, DemoScript script, string name, bool isBrowser) : IDisposable
{
    private readonly HttpClient _http = new(Handler(stage, isBrowser));

    public string Name => name;

    /// <summary>With an access token: as a bearer token, or with a proof that goes with it.</summary>
    public Task<DemoReply> GetAsync(string url, string to = "server", string? token = null, string? proof = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (token is not null)
            request.Headers.Authorization = new(proof is null ? "Bearer" : "DPoP", token);
        return SendAsync(request, to, token is null ? QueryOf(url) : [new("access_token", token), .. QueryOf(url)], proof);
    }

    /// <summary>Posts a form; <paramref name="basic"/> are client credentials for client_secret_basic.</summary>
    public Task<DemoReply> PostAsync(
        string url,
        IReadOnlyList<KeyValuePair<string, string>> form,
        (string Id, string Secret)? basic = null,
        string to = "server",
        string? proof = null
    )
    {
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new FormUrlEncodedContent(form) };
        IEnumerable<KeyValuePair<string, string>> sent = form;
        if (basic is { } credentials)
        {
            request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credentials.Id}:{credentials.Secret}")));
            sent = [new("client_id", credentials.Id), new("client_secret", credentials.Secret), .. form];
        }
        if (isBrowser)
            request.Headers.Add("Sec-Fetch-Site", "same-origin");
        return SendAsync(request, to, sent, proof);
    }

    /// <summary>Posts JSON to an API.</summary>
    public Task<DemoReply> PostJsonAsync(string url, string json, string bearer)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new("Bearer", bearer);
        return SendAsync(request, "api", [new("access_token", bearer)], null);
    }

    public void Dispose() => _http.Dispose();

    private async Task<DemoReply> SendAsync(HttpRequestMessage request, string to, IEnumerable<KeyValuePair<string, string>> sent, string? proof)
    {
        using var _ = request;
        if (proof is not null)
            request.Headers.Add(DpopProof.Header, proof);
        var begun = TimeProvider.System.GetTimestamp();
        using var response = await _http.SendAsync(request, script.Stop);
        var body = await response.Content.ReadAsStringAsync(script.Stop);
        var elapsed = TimeProvider.System.GetElapsedTime(begun);
        var location = response.Headers.Location?.OriginalString;
        var values = location is not null ? QueryOf(location) : JsonOf(response, body);
        var hop = new DemoHop
        {
            From = name,
            To = to,
            Method = request.Method.Method,
            Url = WithoutQuery(request.RequestUri!.OriginalString),
            Status = (int)response.StatusCode,
            Milliseconds = elapsed.TotalMilliseconds,
            FrontChannel = isBrowser,
            Sent = [.. stage.Secrets.Show(sent), .. Shown(proof)],
            Answer = [.. Answered(response, location, values, body)],
            Flow = response.Headers.TryGetValues("Ostiary-Flow", out var flow) ? flow.FirstOrDefault() : null,
        };
        await script.AddAsync(hop);
        return new((int)response.StatusCode, location, body, response.Headers.WwwAuthenticate.ToString())
        {
            Values = values.GroupBy(v => v.Key).ToDictionary(g => g.Key, g => g.First().Value, StringComparer.Ordinal),
        };
    }

    private IEnumerable<ShownValue> Answered(
        HttpResponseMessage response,
        string? location,
        IReadOnlyList<KeyValuePair<string, string>> values,
        string body
    )
    {
        if (location is not null)
            yield return new("Location", WithoutQuery(location));
        if (response.Headers.WwwAuthenticate.Count > 0)
            yield return new("WWW-Authenticate", response.Headers.WwwAuthenticate.ToString());
        foreach (var value in stage.Secrets.Show(values))
            yield return value;
        foreach (var (member, text) in values.Where(v => v.Key is "access_token" or "id_token"))
            if (Decoded(member, text) is { } decoded)
                yield return decoded;
        if (response.Content.Headers.ContentType?.MediaType == "text/html" && Heading(body) is { } heading)
            yield return new("page", heading);
    }

    private IEnumerable<ShownValue> Shown(string? proof)
    {
        if (proof is null)
            yield break;
        yield return stage.Secrets.Show(DpopProof.Header, proof);
        if (Decoded(DpopProof.Header, proof) is { } decoded)
            yield return decoded;
    }

    internal static ShownValue? Decoded(string name, string text) =>
        Jws.TryReadUnverified(text, out var header, out var payload) ? new(name + ", decoded", $"{header} . {Claims(payload)}") : null;

    /// <summary>The claims as they came, but for the nonce, which ties the token to one request and is nobody else's to know.</summary>
    private static string Claims(ReadOnlyMemory<byte> payload)
    {
        var text = Encoding.UTF8.GetString(payload.Span);
        if (!StrictJson.TryParseObject(payload, out var document))
            return text;
        using (document)
            return document.RootElement.TryGetProperty("nonce", out var nonce)
                ? text.Replace(nonce.GetRawText(), $"\"{SecretTag.Of(nonce.ToString())}\"", StringComparison.Ordinal)
                : text;
    }

    private static string? Heading(string html)
    {
        var start = html.IndexOf("<h1>", StringComparison.Ordinal);
        var end = start < 0 ? -1 : html.IndexOf("</h1>", start, StringComparison.Ordinal);
        return end < 0 ? null : WebUtility.HtmlDecode(html[(start + 4)..end]);
    }

    internal static IReadOnlyList<KeyValuePair<string, string>> JsonOf(HttpResponseMessage response, string body)
    {
        if (
            response.Content.Headers.ContentType?.MediaType != "application/json"
            || !StrictJson.TryParseObject(Encoding.UTF8.GetBytes(body), out var document)
        )
            return [];
        using (document)
            return [.. document.RootElement.EnumerateObject().Select(m => KeyValuePair.Create(m.Name, m.Value.ToString()))];
    }

    private static IReadOnlyList<KeyValuePair<string, string>> QueryOf(string url)
    {
        var mark = url.IndexOf('?', StringComparison.Ordinal);
        return mark >= 0 && FormParameters.TryParse(Encoding.UTF8.GetBytes(url[(mark + 1)..]), out var parameters) is null ? parameters.All : [];
    }

    private static string WithoutQuery(string url) => url.Split('?', 2)[0];

    private static SocketsHttpHandler Handler(DemoStage stage, bool isBrowser)
    {
        var handler = stage.NewHandler();
        handler.UseCookies = isBrowser;
        return handler;
    }
}
