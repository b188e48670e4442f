using System.Globalization;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;
using Ostiary.Server.Http;
using Ostiary.Server.Interaction;
using Ostiary.Server.Sessions;

namespace Ostiary.Server.Pages;

/// <summary>
/// <c>/device</c>: a person who is signed in types the code that a device shows, compares it, and says yes or no. A link that brings the code along only fills
/// in the field. RFC 8628 §3.3, RFC 8628 §3.3.1
/// </summary>
internal sealed class DevicePage(PageContext pages, IDeviceInteractions devices)
{
    private const string Form = "device";

    public async Task ShowAsync(HttpContext http)
    {
        var typed = PageContext.UserCodeOf(http) ?? "";
        var session = await pages.Sessions.CurrentAsync(http, http.RequestAborted);
        if (session is null)
            await PageContext.SeeOther(http, pages.DevicePath("/login", typed));
        else
            await AskForCodeAsync(http, session, typed, null);
    }

    public async Task SubmitAsync(HttpContext http)
    {
        var (form, unreadable) = await RequestReader.ReadFormAsync(http);
        if (unreadable is { } reason)
        {
            await pages.RefuseAsync(http, "page.open", reason);
            return;
        }
        var typed = DisplayText.Clean(PageContext.Single(form, "user_code") ?? "", 32);
        var session = await pages.Sessions.CurrentAsync(http, http.RequestAborted);
        if (form.Has("decision"))
            await AnswerAsync(http, form, typed, session);
        else
            await FindAsync(http, form, typed, session);
    }

    private async Task FindAsync(HttpContext http, FormParameters form, string typed, Session? session)
    {
        var facts = new FormFacts { IsSignedIn = session is not null, IsOurs = pages.Tokens.IsOurs(http, form, session, Form) };
        var verdict = PageRules.DeviceCode.Judge(new(Form), facts, pages.Issuer.Now);
        if (verdict.Refused is { } reason)
        {
            pages.Record(http, verdict, session);
            await RefuseAsync(http, reason, typed);
            return;
        }
        var found = await devices.FindAsync(http, typed, session!);
        if (found.Prompt is { } prompt)
            await ConfirmAsync(http, session!, prompt);
        else
            await AskForCodeAsync(http, session!, typed, found);
    }

    private async Task AnswerAsync(HttpContext http, FormParameters form, string typed, Session? session)
    {
        var decision = PageContext.Single(form, "decision");
        var facts = new FormFacts
        {
            IsSignedIn = session is not null,
            IsOurs = pages.Tokens.IsOurs(http, form, session, AnswerTo(typed)),
            AnswerIsClear = decision is "allow" or "deny",
        };
        var verdict = PageRules.Device.Judge(new(Form), facts, pages.Issuer.Now);
        if (verdict.Refused is { } reason)
        {
            pages.Record(http, verdict, session);
            await RefuseAsync(http, reason, typed);
            return;
        }
        var answered = await devices.AnswerAsync(http, typed, session!, decision == "allow", form.Values("scope"));
        if (answered.Prompt is not { } prompt)
        {
            await AskForCodeAsync(http, session!, typed, answered);
            return;
        }
        var texts = PageContext.TextsFor(http, null);
        var done = DeviceView.Done(texts, prompt, decision == "allow");
        await PageWriter.WriteAsync(http, pages.Issuer, texts, new Page(DeviceView.DoneTitle(texts, decision == "allow"), done));
    }

    private Task RefuseAsync(HttpContext http, Reason reason, string typed) =>
        reason == Reason.NotSignedIn
            ? PageContext.SeeOther(http, pages.DevicePath("/login", typed))
            : ErrorPage.WriteAsync(http, pages.Issuer, reason);

    /// <summary>A token of the page that shows one code answers no other one. RFC 8628 §5.4</summary>
    private static string AnswerTo(string userCode) => Form + " " + userCode;

    private Task AskForCodeAsync(HttpContext http, Session session, string typed, DeviceFound? refused)
    {
        var texts = PageContext.TextsFor(http, null);
        if (refused?.RetryAfter > TimeSpan.Zero)
            http.Response.Headers.RetryAfter = ((int)Math.Ceiling(refused.RetryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        var body = DeviceView.AskForCode(texts, pages.PathOf("/device"), pages.Tokens.Field(http, session, Form), typed, refused);
        var status = refused?.Refused is { } reason ? Refusal.For(reason).Status : StatusCodes.Status200OK;
        return PageWriter.WriteAsync(http, pages.Issuer, texts, new Page(texts["device.title"], body) { Status = status });
    }

    private Task ConfirmAsync(HttpContext http, Session session, DevicePrompt prompt)
    {
        var texts = PageContext.TextsFor(http, null);
        var person = DisplayText.Clean(pages.Issuer.Configuration.Current.User(session.Subject)?.Username);
        var csrf = pages.Tokens.Field(http, session, AnswerTo(prompt.UserCode));
        var body = DeviceView.Confirm(texts, pages.PathOf("/device"), csrf, prompt, person, pages.Issuer.Now);
        return PageWriter.WriteAsync(http, pages.Issuer, texts, new Page(texts["device.confirm"], body));
    }
}
