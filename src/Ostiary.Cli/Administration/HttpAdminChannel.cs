using System.Buffers;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Administration;

/// <summary>The administration API over HTTP; where the connection goes is the handler's matter.</summary>
internal sealed class HttpAdminChannel(
    HttpMessageHandler handler,
    Uri server,
    string target,
    string? token,
    TimeSpan timeout,
    IAsyncDisposable? owned = null
) : IAdminChannel
{
    private readonly string _root = server.AbsolutePath.TrimEnd('/') + "/admin/api/v1";
    private readonly HttpClient _http = new(handler) { BaseAddress = server, Timeout = Timeout.InfiniteTimeSpan };

    public string Target => target;

    public async Task<JsonElement?> SendAsync(HttpMethod method, string path, JsonElement? body, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(timeout);
        try
        {
            using var request = Request(method, path, body);
            using var answer = await _http.SendAsync(request, limit.Token);
            var bytes = await answer.Content.ReadAsByteArrayAsync(limit.Token);
            if (!answer.IsSuccessStatusCode)
                throw new CliException(AdminRefusal.Read(answer, bytes, target));
            return bytes.Length == 0 ? null : Json(bytes);
        }
        catch (HttpRequestException failure)
        {
            throw Network.Unreachable(target, failure);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw Network.TimedOut(target, timeout);
        }
    }

    public async IAsyncEnumerable<JsonElement> LinesAsync(string path, [EnumeratorCancellation] CancellationToken ct)
    {
        using var request = Request(HttpMethod.Get, path, null);
        using var answer = await BeginAsync(request, ct);
        if (!answer.IsSuccessStatusCode)
            throw new CliException(AdminRefusal.Read(answer, await answer.Content.ReadAsByteArrayAsync(ct), target));
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(ct), Encoding.UTF8);
        while (await reader.ReadLineAsync(ct) is { } line)
            if (line.Length > 0)
                yield return Json(Encoding.UTF8.GetBytes(line));
    }

    private async Task<HttpResponseMessage> BeginAsync(HttpRequestMessage request, CancellationToken ct)
    {
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        }
        catch (HttpRequestException failure)
        {
            throw Network.Unreachable(target, failure);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (owned is not null)
            await owned.DisposeAsync();
    }

    private HttpRequestMessage Request(HttpMethod method, string path, JsonElement? body)
    {
        var request = new HttpRequestMessage(method, new Uri(_root + path, UriKind.Relative));
        request.Headers.Accept.Add(new("application/json"));
        request.Headers.UserAgent.Add(new("ostiary", Commands.VersionCommand.Number));
        if (token is not null)
            request.Headers.Authorization = new("Bearer", token);
        if (body is { } json)
        {
            var buffer = new ArrayBufferWriter<byte>(512);
            using (var writer = new Utf8JsonWriter(buffer))
                json.WriteTo(writer);
            request.Content = new ByteArrayContent(buffer.WrittenSpan.ToArray())
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
            };
        }
        return request;
    }

    private JsonElement Json(byte[] bytes)
    {
        try
        {
            return JsonForms.Parse(bytes);
        }
        catch (JsonException)
        {
            throw new CliException(
                new(Reason.ServerUnreachable, $"{target} answered, but not as an Ostiary administration API.")
                {
                    Try = "check --server: it is the issuer's URL",
                }
            );
        }
    }
}
