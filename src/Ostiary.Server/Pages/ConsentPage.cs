using Microsoft.AspNetCore.Http;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;
using Ostiary.Server.Http;
using Ostiary.Server.Interaction;
using Ostiary.Server.Sessions;

namespace Ostiary.Server.Pages;

/// <summary><c>/consent</c>: who asks for what, and a yes or no of equal weight. The request that is answered is the one that the server keeps.</summary>
internal sealed class ConsentPage(PageContext pages)
{
    private const string Form = "consent";

    public async Task ShowAsync(HttpContext http)
    {
        var (prompt, refused) = await pages.OpenAsync(http);
        if (prompt is null)
        {
            await pages.RefuseAsync(http, "page.open", refused ?? Reason.InteractionUnknown);
            return;
        }
        var session = await pages.Sessions.CurrentAsync(http, http.RequestAborted);
        if (session is null)
        {
            await PageContext.SeeOther(http, pages.PathOf("/login", prompt.Handle));
            return;
        }
        await WriteAsync(http, prompt, session);
    }

    public async Task SubmitAsync(HttpContext http)
    {
        var (prompt, refused) = await pages.OpenAsync(http);
        var (form, unreadable) = await RequestReader.ReadFormAsync(http);
        if (prompt is null || unreadable is not null)
        {
            await pages.RefuseAsync(http, "page.open", refused ?? unreadable ?? Reason.InteractionUnknown, prompt);
            return;
        }
        var session = await pages.Sessions.CurrentAsync(http, http.RequestAborted);
        var decision = PageContext.Single(form, "decision");
        var facts = new FormFacts
        {
            IsSignedIn = session is not null,
            IsOurs = pages.Tokens.IsOurs(http, form, session, FormOf(prompt)),
            AnswerIsClear = decision is "allow" or "deny",
        };
        var verdict = PageRules.Consent.Judge(new(Form), facts, pages.Issuer.Now);
        if (!verdict.Allowed)
        {
            pages.Record(http, verdict, session, prompt.App.ClientId);
            await (
                verdict.Refused == Reason.NotSignedIn
                    ? PageContext.SeeOther(http, pages.PathOf("/login", prompt.Handle))
                    : ErrorPage.WriteAsync(http, pages.Issuer, verdict.Refused!.Value, uiLocales: prompt.UiLocales)
            );
            return;
        }
        var ticked = form.Values("scope");
        var optional = prompt.Scopes.Where(s => !s.Required && ticked.Contains(s.Name)).Select(s => s.Name);
        await pages.Interactions.AnswerAsync(http, prompt.Handle, session!, decision == "allow", [.. optional]);
    }

    /// <summary>A token for one interaction answers no other one.</summary>
    private static string FormOf(InteractionPrompt prompt) => Form + " " + prompt.Handle;

    private Task WriteAsync(HttpContext http, InteractionPrompt prompt, Session session)
    {
        var texts = PageContext.TextsFor(http, prompt);
        var view = new ConsentView(
            texts,
            prompt,
            pages.PathOf("/consent", prompt.Handle),
            pages.PathOf("/login", prompt.Handle),
            pages.Tokens.Field(http, session, FormOf(prompt)),
            Person: DisplayText.Clean(pages.Issuer.Configuration.Current.User(session.Subject)?.Username),
            Server: PageWriter.DisplayName(pages.Issuer)
        );
        return PageWriter.WriteAsync(http, pages.Issuer, texts, new Page(view.Title, view.Render()) { FormTarget = prompt.FormTarget });
    }
}
