using System.Globalization;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;
using Ostiary.Server.Http;
using Ostiary.Server.Interaction;
using Ostiary.Server.Sessions;
using Ostiary.Server.Users;

namespace Ostiary.Server.Pages;

/// <summary><c>/login</c>: username and password, or one click where a session may be continued.</summary>
internal sealed class LoginPage(PageContext pages, SignIn signIn)
{
    private const string Form = "login";
    private const int MaxUsername = 256;

    public async Task ShowAsync(HttpContext http)
    {
        var (prompt, refused) = await pages.OpenAsync(http);
        if (refused is { } reason)
        {
            await pages.RefuseAsync(http, "page.open", reason);
            return;
        }
        var session = await pages.Sessions.CurrentAsync(http, http.RequestAborted);
        if (prompt is null && session is not null)
        {
            await PageContext.SeeOther(http, WithoutApp(http));
            return;
        }
        await WriteAsync(http, prompt, session, new LoginAnswer(DisplayText.Clean(prompt?.LoginHint, MaxUsername)));
    }

    public async Task SubmitAsync(HttpContext http)
    {
        var (prompt, refused) = await pages.OpenAsync(http);
        var (form, unreadable) = await RequestReader.ReadFormAsync(http);
        if ((refused ?? unreadable ?? (form.Repeated is null ? null : Reason.ParameterRepeated)) is { } reason)
        {
            await pages.RefuseAsync(http, "page.open", reason, prompt);
            return;
        }
        var isOurs = pages.Tokens.IsOurs(http, form, session: null, Form);
        if (form["decision"] == "continue")
            await ContinueAsync(http, prompt, isOurs);
        else
            await SignInAsync(http, prompt, form, isOurs);
    }

    private async Task ContinueAsync(HttpContext http, InteractionPrompt? prompt, bool isOurs)
    {
        var session = await pages.Sessions.CurrentAsync(http, http.RequestAborted);
        var facts = new FormFacts
        {
            IsOurs = isOurs,
            IsSignedIn = session is not null,
            MayContinue = prompt is { MayContinueSession: true },
        };
        var verdict = PageRules.Continue.Judge(new(Form), facts, pages.Issuer.Now);
        pages.Record(http, verdict, session, prompt?.App.ClientId, change: "continued");
        if (verdict.Allowed)
            await PageContext.SeeOther(http, pages.Interactions.ContinueAt(prompt!.Handle, accountChosen: true));
        else if (verdict.Refused == Reason.FormForged)
            await ErrorPage.WriteAsync(http, pages.Issuer, Reason.FormForged, uiLocales: prompt?.UiLocales);
        else
            await PageContext.SeeOther(http, pages.PathOf("/login", prompt?.Handle));
    }

    private async Task SignInAsync(HttpContext http, InteractionPrompt? prompt, FormParameters form, bool isOurs)
    {
        var username = form["username"]?.Trim() ?? "";
        var password = form["password"] ?? "";
        var answer = new LoginAnswer(DisplayText.Clean(username, MaxUsername));
        if (isOurs && (username.Length == 0 || password.Length == 0))
        {
            await WriteAsync(http, prompt, session: null, answer with { IsIncomplete = true });
            return;
        }
        var result = await signIn.TryAsync(http, username, password, isOurs, prompt?.App.ClientId);
        if (result.Session is not null)
            await PageContext.SeeOther(http, prompt is null ? WithoutApp(http) : pages.Interactions.ContinueAt(prompt.Handle, accountChosen: true));
        else if (result.Refused == Reason.FormForged)
            await ErrorPage.WriteAsync(http, pages.Issuer, Reason.FormForged, uiLocales: prompt?.UiLocales);
        else
            await WriteAsync(http, prompt, session: null, answer with { Refused = result.Refused, RetryAfter = result.RetryAfter });
    }

    private Task WriteAsync(HttpContext http, InteractionPrompt? prompt, Session? session, LoginAnswer answer)
    {
        var texts = PageContext.TextsFor(http, prompt);
        if (answer.RetryAfter > TimeSpan.Zero)
            http.Response.Headers.RetryAfter = ((int)Math.Ceiling(answer.RetryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        var view = new LoginView(
            texts,
            prompt is null && PageContext.UserCodeOf(http) is { } userCode
                ? pages.DevicePath("/login", userCode)
                : pages.PathOf("/login", prompt?.Handle),
            pages.Tokens.Field(http, session: null, Form),
            prompt is null ? null : DisplayText.NameOr(prompt.App.Name, prompt.App.ClientId),
            prompt is { MayContinueSession: true } ? NameOf(session) : null,
            IsFresh: prompt is { MayContinueSession: false } && session is not null,
            ForDevice: prompt is null && PageContext.UserCodeOf(http) is not null
        );
        var page = new Page(texts["login.title"], view.Render(answer)) { Status = answer.Status, FormTarget = prompt?.FormTarget };
        return PageWriter.WriteAsync(http, pages.Issuer, texts, page);
    }

    /// <summary>Where a sign-in that no app asked for goes on: at the device that waits, or at the account.</summary>
    private string WithoutApp(HttpContext http) =>
        PageContext.UserCodeOf(http) is { } userCode ? pages.DevicePath("/device", userCode) : pages.PathOf("/account");

    private string? NameOf(Session? session) =>
        session is not null && pages.Issuer.Configuration.Current.User(session.Subject) is { } user ? DisplayText.Clean(user.Username) : null;
}
