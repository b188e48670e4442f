using Microsoft.AspNetCore.Http;
using Microsoft.Playwright;

namespace Ostiary.Program.Tests.Chromium;

/// <summary>A page of the app's origin that holds the server's check-session frame and asks it, and a frame of another origin beside it.</summary>
internal sealed class WatchingApp : IAsyncDisposable
{
    private readonly IPage _page;
    private readonly string _address;
    private readonly List<string> _complaints = [];

    private WatchingApp(IPage page, string address)
    {
        (_page, _address) = (page, address);
        page.Console += (_, message) =>
        {
            if (message.Type == "error" && message.Text.Contains("Content Security Policy", StringComparison.Ordinal))
                _complaints.Add(message.Text);
        };
    }

    public IReadOnlyList<string> Complaints => _complaints;

    public static async Task<WatchingApp> OpenAsync(IPage signedIn, NotesTown town)
    {
        var page = await signedIn.Context.NewPageAsync();
        var app = new WatchingApp(page, town.App + "/watch");
        await app.OpenAgainAsync();
        return app;
    }

    /// <summary>The page of the app that holds the frame.</summary>
    public static Task WritePageAsync(HttpContext http, string issuer)
    {
        http.Response.ContentType = "text/html";
        return http.Response.WriteAsync(
            $"""
            <!doctype html><title>Watch</title>
            <iframe name="op" src="{issuer}/check_session"></iframe>
            <iframe name="elsewhere" sandbox="allow-scripts" srcdoc="<title>x</title>"></iframe>
            """,
            http.RequestAborted
        );
    }

    public Task OpenAgainAsync() => _page.GotoAsync(_address, new() { WaitUntil = WaitUntilState.Load });

    /// <summary>The answer to a question from the app's own page.</summary>
    public Task<string> AskAsync(string question) => AskAsync(_page.MainFrame, "frames.op", question);

    /// <summary>The answer to a frame that has no origin; none comes.</summary>
    public Task<string> AskFromElsewhereAsync(string question) => AskAsync(_page.Frame("elsewhere")!, "parent.frames.op", question);

    /// <summary>Asks as often as the frame beside it can, and waits until the last question was heard.</summary>
    public Task FloodAsync(string question, int times) =>
        _page
            .Frame("elsewhere")!
            .EvaluateAsync(
                "([question, times]) => { for (let i = 0; i < times; i++) parent.frames.op.postMessage(question, '*'); }",
                new object[] { question, times }
            );

    public async ValueTask DisposeAsync() => await _page.CloseAsync();

    private static Task<string> AskAsync(IFrame from, string op, string question) =>
        from.EvaluateAsync<string>(
            $$"""
            question => new Promise(resolve => {
              addEventListener("message", event => resolve(event.data), { once: true });
              setTimeout(() => resolve("none"), 2000);
              {{op}}.postMessage(question, "*");
            })
            """,
            question
        );
}
