using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Interaction;
using Ostiary.Server.Pages;
using Ostiary.Server.Sessions;

namespace Ostiary.Server.Tests.Pages;

/// <summary>The protocol's side for the tests of the pages: holds prompts, notes answers, and sends the browser where the test says.</summary>
internal sealed class FakeInteractions(Issuer issuer) : IInteractions
{
    private readonly ConcurrentDictionary<string, string> _browsers = new();

    public ConcurrentDictionary<string, InteractionPrompt> Prompts { get; } = new();
    public ConcurrentQueue<(string Handle, Session Session, bool Allow, IReadOnlyList<string> Scopes)> Answers { get; } = new();

    /// <summary>Where an answer leads to.</summary>
    public string RedirectUri { get; set; } = "https://billing.example/callback";
    public bool AnswersByFormPost { get; set; }

    /// <summary>Where a sign-in goes on: the consent page, or our own next step.</summary>
    public bool ContinuesAtConsent { get; set; }

    public string Add(Func<InteractionPrompt, InteractionPrompt>? change = null, string handle = "handle-1")
    {
        var prompt = new InteractionPrompt
        {
            Handle = handle,
            Reference = "flow_reference1",
            App = new(
                "billing-web",
                "Billing Web",
                "billing.example",
                Verified: true,
                "https://billing.example",
                null,
                "https://billing.example/privacy",
                "https://billing.example/terms"
            ),
            Scopes =
            [
                new("openid", null, "scope.openid", Required: true),
                new("email", null, "scope.email", Required: true),
                new("invoices.read", "Read your invoices", null, Required: false),
                new("offline_access", null, "scope.offline_access", Required: false),
            ],
            FormTarget = "https://billing.example",
        };
        Prompts[handle] = change is null ? prompt : change(prompt);
        return handle;
    }

    /// <summary>The interaction belongs to the first browser that opens it.</summary>
    public ValueTask<(InteractionPrompt? Prompt, Reason? Refused)> OpenAsync(string handle, string browser, CancellationToken ct)
    {
        if (!Prompts.TryGetValue(handle, out var prompt))
            return ValueTask.FromResult<(InteractionPrompt?, Reason?)>((null, Reason.InteractionUnknown));
        return _browsers.GetOrAdd(handle, browser) == browser
            ? ValueTask.FromResult<(InteractionPrompt?, Reason?)>((prompt, null))
            : ValueTask.FromResult<(InteractionPrompt?, Reason?)>((null, Reason.InteractionOfAnotherBrowser));
    }

    public string ContinueAt(string handle, bool accountChosen) =>
        ContinuesAtConsent ? issuer.Url.At("/consent?flow=" + handle) : issuer.Url.At($"/authorize/continue?flow={handle}&chosen={accountChosen}");

    public Task AnswerAsync(HttpContext http, string handle, Session session, bool allow, IReadOnlyList<string> optionalScopes)
    {
        Answers.Enqueue((handle, session, allow, optionalScopes));
        if (AnswersByFormPost)
            return FormPostPage.WriteAsync(http, issuer, RedirectUri, [new("code", "the-code"), new("state", "\"><script>alert(1)</script>")]);
        http.Response.StatusCode = StatusCodes.Status303SeeOther;
        http.Response.Headers.Location = RedirectUri + "?code=the-code";
        return Task.CompletedTask;
    }
}
