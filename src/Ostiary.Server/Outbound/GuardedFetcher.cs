using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Outbound;

/// <summary>What came of one exchange: a body, or the reason why there is none. Never anything that the peer said about itself.</summary>
/// <param name="MaxAge">How long the answer says that it holds; null: it does not say.</param>
internal sealed record FetchAnswer(Reason? Refused, ReadOnlyMemory<byte> Body, TimeSpan? MaxAge);

/// <summary>
/// The only way out to an address that somebody else named. One connection per exchange, to an address that was judged; https only, no redirects, no cookies,
/// no proxy, no decompression; bounded in bytes, in time as a whole, and in how many run at once.
/// </summary>
internal sealed class GuardedFetcher(bool allowLoopback = false, X509Certificate2Collection? roots = null, Resolver? resolve = null)
{
    private const int MaxPerHost = 8;
    private const int MaxHeaderKiB = 16;
    private static readonly ProductInfoHeaderValue Agent = new("Ostiary", null);
    private readonly FetchRooms _rooms = new();
    private readonly Resolver _resolve = resolve ?? (static (host, ct) => Dns.GetHostAddressesAsync(host, ct));

    /// <summary>Whether the text of an address permits to fetch it.</summary>
    public bool May(string url) => FetchUrl.TryParse(url, allowLoopback, out _);

    public Task<FetchAnswer> GetAsync(string url, FetchPolicy policy, CancellationToken ct)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, (Uri?)null);
        foreach (var type in policy.ContentTypes)
            request.Headers.Accept.Add(new(type));
        return RunAsync(url, request, policy, ct);
    }

    /// <summary>Sends a form or document. Whatever the answer holds is thrown away; only 200, 202 and 204 count as accepted.</summary>
    public Task<FetchAnswer> PostAsync(string url, ReadOnlyMemory<byte> body, string contentType, FetchPolicy policy, CancellationToken ct)
    {
        var content = new ReadOnlyMemoryContent(body);
        content.Headers.ContentType = new(contentType);
        return RunAsync(url, new HttpRequestMessage(HttpMethod.Post, (Uri?)null) { Content = content }, policy, ct);
    }

    private async Task<FetchAnswer> RunAsync(string text, HttpRequestMessage request, FetchPolicy policy, CancellationToken ct)
    {
        using var _ = request;
        if (!FetchUrl.TryParse(text, allowLoopback, out var url))
            return Refuse(Reason.FetchUrlRefused);
        request.RequestUri = url.Uri;
        request.Version = HttpVersion.Version11;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        request.Headers.UserAgent.Add(Agent);
        var host = "host " + url.Authority;
        if (!_rooms.TryEnter(policy.Purpose, policy.Room))
            return Refuse(Reason.FetchCrowded);
        try
        {
            if (!_rooms.TryEnter(host, MaxPerHost))
                return Refuse(Reason.FetchCrowded);
            try
            {
                return await ExchangeAsync(request, policy, ct);
            }
            finally
            {
                _rooms.Leave(host);
            }
        }
        finally
        {
            _rooms.Leave(policy.Purpose);
        }
    }

    private async Task<FetchAnswer> ExchangeAsync(HttpRequestMessage request, FetchPolicy policy, CancellationToken ct)
    {
        using var whole = CancellationTokenSource.CreateLinkedTokenSource(ct);
        whole.CancelAfter(policy.Timeout);
        using var connection = new PinnedConnection(_resolve, allowLoopback, _rooms);
        using var handler = HandlerFor(connection, policy);
        using var invoker = new HttpMessageInvoker(handler);
        try
        {
            using var response = await invoker.SendAsync(request, whole.Token);
            return await ReadAsync(response, policy, whole.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return Refuse(connection.Refused ?? Reason.FetchTimedOut);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or SocketException or ObjectDisposedException)
        {
            return Refuse(connection.Refused ?? (whole.IsCancellationRequested ? Reason.FetchTimedOut : Reason.FetchUnreachable));
        }
    }

    private SocketsHttpHandler HandlerFor(PinnedConnection connection, FetchPolicy policy) =>
        new()
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            UseProxy = false,
            Credentials = null,
            ActivityHeadersPropagator = null,
            MaxResponseHeadersLength = MaxHeaderKiB,
            MaxResponseDrainSize = 0,
            ConnectTimeout = policy.Timeout,
            ConnectCallback = connection.ConnectAsync,
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = ChainPolicy() },
        };

    /// <summary>A certificate names addresses of its own (of its issuer, of revocation lists): none of them is fetched.</summary>
    private X509ChainPolicy ChainPolicy()
    {
        var policy = new X509ChainPolicy { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck };
        if (roots is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(roots);
        }
        return policy;
    }

    private static async Task<FetchAnswer> ReadAsync(HttpResponseMessage response, FetchPolicy policy, CancellationToken ct)
    {
        if ((int)response.StatusCode is >= 300 and < 400)
            return Refuse(Reason.FetchRedirected);
        if (response.RequestMessage!.Method == HttpMethod.Post)
            return response.StatusCode is HttpStatusCode.OK or HttpStatusCode.Accepted or HttpStatusCode.NoContent
                ? new(null, default, null)
                : Refuse(Reason.FetchStatusWrong);
        if (response.StatusCode != HttpStatusCode.OK)
            return Refuse(Reason.FetchStatusWrong);
        if (!IsOfType(response.Content.Headers, policy.ContentTypes))
            return Refuse(Reason.FetchContentWrong);
        if (response.Content.Headers.ContentLength > policy.MaxBytes)
            return Refuse(Reason.FetchTooLarge);
        var body = new byte[policy.MaxBytes + 1];
        await using var stream = await response.Content.ReadAsStreamAsync(ct);
        var length = await stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, ct);
        return length > policy.MaxBytes ? Refuse(Reason.FetchTooLarge) : new(null, body.AsMemory(0, length), MaxAgeOf(response.Headers.CacheControl));
    }

    private static bool IsOfType(HttpContentHeaders headers, IReadOnlyList<string> types) =>
        headers.ContentEncoding.Count == 0
        && headers.ContentType is { MediaType: { } type } stated
        && types.Contains(type, StringComparer.OrdinalIgnoreCase)
        && (stated.CharSet is null || stated.CharSet.Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase));

    private static TimeSpan? MaxAgeOf(CacheControlHeaderValue? cache) =>
        cache is { NoStore: true } or { NoCache: true } ? TimeSpan.Zero : cache?.MaxAge;

    private static FetchAnswer Refuse(Reason reason) => new(reason, default, null);
}
