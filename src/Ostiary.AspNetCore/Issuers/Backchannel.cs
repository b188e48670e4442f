using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Ostiary.AspNetCore.Issuers;

/// <summary>The guarded way to the issuer: https (http on loopback only), no redirects, bounded in time and size. A failure is an answer, never an exception.</summary>
internal sealed class Backchannel : IDisposable
{
    private readonly HttpClient _http;

    public Backchannel(BackchannelOptions options)
    {
        _http = new HttpClient(options.Handler?.Invoke() ?? CreateHandler(options))
        {
            Timeout = options.Timeout,
            MaxResponseContentBufferSize = options.MaxLength,
        };
    }

    /// <summary>https, or http where the host is loopback; no user information and no fragment.</summary>
    public static bool MayAsk(string address, out Uri uri)
    {
        uri = null!;
        if (!Uri.TryCreate(address, UriKind.Absolute, out var parsed) || parsed.UserInfo.Length > 0 || parsed.Fragment.Length > 0)
            return false;
        if (parsed.Scheme != Uri.UriSchemeHttps && !(parsed.Scheme == Uri.UriSchemeHttp && parsed.Host is "127.0.0.1" or "[::1]" or "localhost")) // RFC 9700 §2.6
            return false;
        uri = parsed;
        return true;
    }

    public Task<BackchannelAnswer> GetAsync(string address, CancellationToken ct, string? bearer = null) =>
        SendAsync(address, HttpMethod.Get, null, bearer is null ? null : new AuthenticationHeaderValue("Bearer", bearer), ct);

    /// <summary>Posts a form; with a secret the client authenticates by client_secret_basic, without one by its client_id in the form.</summary>
    public Task<BackchannelAnswer> PostAsync(
        string address,
        IReadOnlyList<KeyValuePair<string, string>> form,
        string clientId,
        string? secret,
        CancellationToken ct
    )
    {
        IEnumerable<KeyValuePair<string, string>> fields = secret is null ? [.. form, new("client_id", clientId)] : form; // RFC 6749 §3.2.1
        return SendAsync(address, HttpMethod.Post, new FormUrlEncodedContent(fields), secret is null ? null : Basic(clientId, secret), ct);
    }

    /// <summary>Any request as it is, for calls to APIs. Network failures are exceptions here: the caller is the app.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct) =>
        _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);

    public void Dispose() => _http.Dispose();

    private async Task<BackchannelAnswer> SendAsync(
        string address,
        HttpMethod method,
        HttpContent? content,
        AuthenticationHeaderValue? credentials,
        CancellationToken ct
    )
    {
        if (!MayAsk(address, out var uri))
            return BackchannelAnswer.None;
        using var request = new HttpRequestMessage(method, uri) { Content = content };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.Authorization = credentials;
        try
        {
            using var response = await _http.SendAsync(request, ct);
            var body = await response.Content.ReadAsByteArrayAsync(ct);
            return new BackchannelAnswer((int)response.StatusCode, body, response.Headers.CacheControl?.MaxAge);
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return BackchannelAnswer.None;
        }
    }

    // RFC 6749 §2.3.1: both parts are form-urlencoded before they are joined.
    private static AuthenticationHeaderValue Basic(string clientId, string secret) =>
        new("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{Uri.EscapeDataString(clientId)}:{Uri.EscapeDataString(secret)}")));

    private static SocketsHttpHandler CreateHandler(BackchannelOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectTimeout = options.Timeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            ActivityHeadersPropagator = null,
        };
        if (options.TrustedAuthorities.Count > 0)
            handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, errors) => IsTrusted(options, certificate, errors);
        return handler;
    }

    private static bool IsTrusted(BackchannelOptions options, X509Certificate? certificate, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
            return true;
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is not X509Certificate2 leaf)
            return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(options.TrustedAuthorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(leaf);
    }
}

/// <summary>What came back; <see cref="Status"/> is 0 where nothing did.</summary>
internal sealed record BackchannelAnswer(int Status, ReadOnlyMemory<byte> Body, TimeSpan? MaxAge)
{
    public static BackchannelAnswer None { get; } = new(0, ReadOnlyMemory<byte>.Empty, null);
}
