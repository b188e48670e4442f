using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Ostiary.Cli.Administration;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;
using Ostiary.Protocol.Dpop;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Remote;

/// <summary>An authorization server as any client sees it: found by discovery, asked over its published endpoints.</summary>
internal sealed class AuthorizationServer : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);
    private readonly HttpClient _http;
    private readonly JsonElement _metadata;

    private AuthorizationServer(HttpClient http, string issuer, JsonElement metadata) => (_http, Issuer, _metadata) = (http, issuer, metadata);

    public string Issuer { get; }

    public static async Task<AuthorizationServer> DiscoverAsync(string issuer, string option, CancellationToken ct)
    {
        Network.ParseServer(issuer, option);
        var http = new HttpClient(Network.Handler()) { Timeout = Timeout, MaxResponseContentBufferSize = 1024 * 1024 };
        var url = issuer.TrimEnd('/') + "/.well-known/openid-configuration"; // OIDC Discovery §4
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        var (status, metadata, _) = await SendAsync(http, request, issuer, ct);
        if (status != 200 || metadata.ValueKind != JsonValueKind.Object)
            throw Unusable($"{url} answered {status}, so the server's endpoints are not known.");
        var named = Text(metadata, "issuer");
        if (named != issuer) // OIDC Discovery §4.3
            throw Unusable($"The server at '{issuer}' calls itself '{named}'. They must be equal, character by character.");
        return new(http, issuer, metadata);
    }

    /// <summary>Posts a form to a published endpoint as a client. A refusal by the protocol ends with exit code 7.</summary>
    public async Task<JsonElement> PostAsync(
        string endpoint,
        string clientId,
        string? secret,
        IReadOnlyList<(string Name, string Value)> form,
        CancellationToken ct,
        ClientProver? prover = null
    )
    {
        var (status, answer) = await AskAsync(endpoint, clientId, secret, form, ct, prover);
        return status is >= 200 and < 300 ? answer : throw new CliException(Refusal(endpoint, status, answer));
    }

    /// <summary>The same, whatever the answer is.</summary>
    public Task<(int Status, JsonElement Answer)> AskAsync(
        string endpoint,
        string clientId,
        string? secret,
        IReadOnlyList<(string Name, string Value)> form,
        CancellationToken ct,
        ClientProver? prover = null
    ) => SendAsync(nonce => Form(endpoint, clientId, secret, form, prover?.Proof("POST", Endpoint(endpoint), nonce)), ct); // RFC 9449 §5

    /// <summary>What the server says about who signed in. OIDC Core §5.3</summary>
    public async Task<JsonElement> UserAsync(string accessToken, CancellationToken ct, ClientProver? prover = null)
    {
        const string endpoint = "userinfo_endpoint";
        var (status, answer) = await SendAsync(
            nonce =>
            {
                var request = new HttpRequestMessage(HttpMethod.Get, Endpoint(endpoint));
                request.Headers.Authorization = new(prover is null ? "Bearer" : "DPoP", accessToken);
                if (prover is not null)
                    request.Headers.Add(DpopProof.Header, prover.Proof("GET", request.RequestUri!, nonce, accessToken)); // RFC 9449 §7.1
                return request;
            },
            ct
        );
        return status == 200 ? answer : throw new CliException(Refusal(endpoint, status, answer));
    }

    /// <summary>What a refusal says, by the code in it where there is one.</summary>
    public static CliError Refusal(string endpoint, int status, JsonElement answer)
    {
        var code = Text(answer, "error_uri")?.Split('/')[^1];
        var reason =
            code?.Length == 7 && int.TryParse(code.AsSpan(3), out var number) && Enum.IsDefined((Reason)number)
                ? (Reason)number
                : Reason.CallbackRefused;
        var error = ErrorOf(answer);
        var message = error is null
            ? $"The {endpoint} answered {status}."
            : $"The {endpoint} refused: {error}. {Text(answer, "error_description")}".TrimEnd();
        return new(reason, message) { Exit = status >= 500 ? ExitCode.Unreachable : ExitCode.Refused };
    }

    public static string? ErrorOf(JsonElement answer) => Text(answer, "error");

    /// <summary>Sends a request, and once more where the server wants a nonce in the proof. RFC 9449 §8</summary>
    private async Task<(int Status, JsonElement Answer)> SendAsync(Func<string?, HttpRequestMessage> request, CancellationToken ct)
    {
        using var first = request(null);
        var (status, answer, nonce) = await SendAsync(_http, first, Issuer, ct);
        if (nonce is null || (ErrorOf(answer) != "use_dpop_nonce" && status != 401))
            return (status, answer);
        using var second = request(nonce);
        (status, answer, _) = await SendAsync(_http, second, Issuer, ct);
        return (status, answer);
    }

    private HttpRequestMessage Form(string endpoint, string clientId, string? secret, IReadOnlyList<(string Name, string Value)> form, string? proof)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Endpoint(endpoint));
        if (proof is not null)
            request.Headers.Add(DpopProof.Header, proof);
        var fields = form.ToList();
        if (secret is null)
            fields.Add(("client_id", clientId)); // RFC 6749 §3.2.1
        else
            request.Headers.Authorization = new("Basic", Basic(clientId, secret));
        request.Content = new StringContent(string.Join('&', fields.Select(f => $"{Encode(f.Name)}={Encode(f.Value)}")), Encoding.UTF8)
        {
            Headers = { ContentType = new MediaTypeHeaderValue("application/x-www-form-urlencoded") },
        };
        return request;
    }

    public async Task<byte[]> KeysAsync(CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Endpoint("jwks_uri"));
        var (status, keys, _) = await SendAsync(_http, request, Issuer, ct);
        return status == 200 ? Encoding.UTF8.GetBytes(keys.GetRawText()) : throw Unusable($"The keys of {Issuer} cannot be had: HTTP {status}.");
    }

    public void Dispose() => _http.Dispose();

    private Uri Endpoint(string name) =>
        Text(_metadata, name) is { } url ? Network.ParseServer(url, name) : throw Unusable($"{Issuer} publishes no '{name}'.");

    private static async Task<(int Status, JsonElement Answer, string? Nonce)> SendAsync(
        HttpClient http,
        HttpRequestMessage request,
        string target,
        CancellationToken ct
    )
    {
        try
        {
            using var answer = await http.SendAsync(request, ct);
            var bytes = await answer.Content.ReadAsByteArrayAsync(ct);
            if ((int)answer.StatusCode is >= 300 and < 400)
                throw new CliException(
                    new(Reason.ServerRedirected, $"{target} redirected the request to {answer.Headers.Location}. Nothing was done.")
                );
            var nonce = answer.Headers.TryGetValues(DpopProof.NonceHeader, out var values) ? values.First() : null;
            return ((int)answer.StatusCode, Parse(bytes), nonce);
        }
        catch (HttpRequestException failure)
        {
            throw Network.Unreachable(target, failure);
        }
        catch (TaskCanceledException) when (!ct.IsCancellationRequested)
        {
            throw Network.TimedOut(target, Timeout);
        }
    }

    private static JsonElement Parse(byte[] bytes)
    {
        try
        {
            return bytes.Length == 0 ? default : JsonForms.Parse(bytes);
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private static CliException Unusable(string message) =>
        new(
            new(Reason.IssuerUnreachable, message)
            {
                Exit = ExitCode.Unreachable,
                Try = "--issuer with exactly the issuer of the server's configuration",
            }
        );

    /// <summary>Both parts are form-encoded before they are joined. RFC 6749 §2.3.1</summary>
    private static string Basic(string id, string secret) => Convert.ToBase64String(Encoding.ASCII.GetBytes($"{Encode(id)}:{Encode(secret)}"));

    private static string Encode(string text) => Uri.EscapeDataString(text).Replace("%20", "+", StringComparison.Ordinal);

    private static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
