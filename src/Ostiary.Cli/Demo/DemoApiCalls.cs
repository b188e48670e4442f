using System.Collections.Concurrent;
using System.Text;
using Ostiary.Protocol;

namespace Ostiary.Cli.Demo;

/// <summary>A call that an API made itself, to the server or to the next API.</summary>
internal sealed record ApiCall(
    string Method,
    string Url,
    int Status,
    TimeSpan Time,
    IReadOnlyList<KeyValuePair<string, string>> Sent,
    IReadOnlyList<KeyValuePair<string, string>> Answered
);

/// <summary>Watches what an API sends, for the story.</summary>
internal sealed class DemoApiCalls(HttpMessageHandler inner, ConcurrentQueue<ApiCall> calls) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var form = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        var begun = TimeProvider.System.GetTimestamp();
        var answer = await base.SendAsync(request, cancellationToken);
        await answer.Content.LoadIntoBufferAsync(cancellationToken);
        var body = await answer.Content.ReadAsStringAsync(cancellationToken);
        var url = request.RequestUri!.OriginalString;
        if (!url.Contains("/.well-known/", StringComparison.Ordinal))
            calls.Enqueue(
                new(
                    request.Method.Method,
                    url,
                    (int)answer.StatusCode,
                    TimeProvider.System.GetElapsedTime(begun),
                    [.. CredentialsOf(request), .. FieldsOf(form)],
                    DemoActor.JsonOf(answer, body)
                )
            );
        return answer;
    }

    private static IEnumerable<KeyValuePair<string, string>> CredentialsOf(HttpRequestMessage request)
    {
        if (request.Headers.Authorization is { Scheme: "Bearer", Parameter: { } token })
            yield return new("access_token", token);
        if (request.Headers.Authorization is not { Scheme: "Basic", Parameter: { } basic })
            yield break;
        var pair = Encoding.UTF8.GetString(Convert.FromBase64String(basic)).Split(':', 2);
        yield return new("client_id", pair[0]);
        yield return new("client_secret", pair[1]);
    }

    private static IReadOnlyList<KeyValuePair<string, string>> FieldsOf(string form) =>
        FormParameters.TryParse(Encoding.UTF8.GetBytes(form), out var fields) is null ? fields.All : [];
}
