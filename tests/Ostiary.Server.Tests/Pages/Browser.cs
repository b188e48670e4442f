using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Ostiary.Server.Tests.Pages;

/// <summary>A browser as far as cookies and forms go: it keeps every cookie whatever its flags, follows nothing, and may come from another loopback network.</summary>
internal sealed partial class Browser : IDisposable
{
    private readonly HttpClient _http;

    public Browser(Uri address, string? from)
    {
        var handler = new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false };
        if (from is not null)
            handler.ConnectCallback = async (context, ct) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
                await socket.ConnectAsync(context.DnsEndPoint, ct);
                return new NetworkStream(socket, ownsSocket: true);
            };
        _http = new HttpClient(handler) { BaseAddress = address };
    }

    public Dictionary<string, string> Cookies { get; } = [];

    public Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, path), headers);

    public Task<HttpResponseMessage> PostAsync(
        string path,
        IEnumerable<(string Name, string Value)> fields,
        params (string Name, string Value)[] headers
    )
    {
        var body = new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value)));
        return SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = body }, headers);
    }

    /// <summary>The text of a page that must be there.</summary>
    public async Task<string> PageAsync(string path)
    {
        var answer = await GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }

    public async Task<string> CsrfAsync(string path) => CsrfOf(await PageAsync(path));

    public static string CsrfOf(string html) => CsrfField().Match(html).Groups[1].Value;

    public async Task<HttpResponseMessage> SignInAsync(string username, string password, string path = "/login")
    {
        var csrf = await CsrfAsync(path);
        return await PostAsync(path, [("username", username), ("password", password), ("csrf", csrf)]);
    }

    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, params (string Name, string Value)[] headers)
    {
        if (Cookies.Count > 0)
            request.Headers.TryAddWithoutValidation("Cookie", string.Join("; ", Cookies.Select(c => $"{c.Key}={c.Value}")));
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        var answer = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        foreach (var cookie in answer.Headers.TryGetValues("Set-Cookie", out var set) ? set : [])
        {
            var pair = cookie.Split(';')[0].Split('=', 2);
            if (pair[1].Length == 0)
                Cookies.Remove(pair[0]);
            else
                Cookies[pair[0]] = pair[1];
        }
        return answer;
    }

    public void Dispose() => _http.Dispose();

    [GeneratedRegex("name=\"csrf\" value=\"([^\"]+)\"")]
    private static partial Regex CsrfField();
}
