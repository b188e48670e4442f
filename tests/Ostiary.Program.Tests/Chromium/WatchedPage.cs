using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Ostiary.Program.Tests.Chromium;

/// <summary>A page, and everything that the browser asked for, got and complained about while it was used.</summary>
internal sealed class WatchedPage
{
    private readonly ConcurrentQueue<string> _asked = new();
    private readonly ConcurrentQueue<string> _complaints = new();
    private readonly ConcurrentQueue<IResponse> _answers = new();

    private WatchedPage(IPage page) => Page = page;

    public IPage Page { get; }

    /// <summary>Method and URL of each request, redirects included.</summary>
    public IReadOnlyList<string> Asked => [.. _asked];
    public IReadOnlyList<string> Complaints => [.. _complaints];

    public static async Task<WatchedPage> OpenAsync(IBrowserContext context)
    {
        var watched = new WatchedPage(await context.NewPageAsync());
        watched.Page.Request += (_, request) =>
            watched._asked.Enqueue($"{request.Method} {request.Url} {request.PostData} Referer: {request.Headers.GetValueOrDefault("referer")}");
        watched.Page.Response += (_, response) => watched._answers.Enqueue(response);
        watched.Page.Console += (_, message) =>
        {
            if (message.Type == "error" && message.Text.Contains("Content Security Policy", StringComparison.Ordinal))
                watched._complaints.Enqueue(message.Text);
        };
        return watched;
    }

    /// <summary>Everything that a script on the page could read: the document, its storages, its cookies, what it was named and where it has been.</summary>
    public Task<string> ReadableAsync() =>
        Page.EvaluateAsync<string>(
            """
            async () => JSON.stringify([
              document.documentElement.outerHTML, document.cookie, location.href, document.referrer, window.name, history.state,
              {...localStorage}, {...sessionStorage},
              window.indexedDB && indexedDB.databases ? await indexedDB.databases() : [],
              window.caches ? await caches.keys() : [],
              performance.getEntries().map(e => e.name),
            ])
            """
        );

    /// <summary>The header of the last answer that had it.</summary>
    public async Task<string?> LastHeaderAsync(string url, string name)
    {
        var answer = _answers.LastOrDefault(a => a.Url == url && a.Status == 200);
        return answer is null ? null : await answer.HeaderValueAsync(name);
    }
}
