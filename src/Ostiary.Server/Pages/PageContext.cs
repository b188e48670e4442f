using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;
using Ostiary.Server.Http;
using Ostiary.Server.Interaction;
using Ostiary.Server.Sessions;

namespace Ostiary.Server.Pages;

/// <summary>What all pages use: who is there, whose form it is, what is waiting, and where refusals go.</summary>
internal sealed class PageContext(Issuer issuer, BrowserSessions sessions, IInteractions interactions)
{
    private const int MaxUserCode = 32;

    public Issuer Issuer => issuer;
    public BrowserSessions Sessions => sessions;
    public IInteractions Interactions => interactions;
    public FormTokens Tokens { get; } = new(issuer, sessions);

    /// <summary>The path of a page of this issuer, with the waiting interaction.</summary>
    public string PathOf(string page, string? handle = null) =>
        issuer.Url.Path + page + (handle is null ? "" : "?flow=" + Uri.EscapeDataString(handle));

    /// <summary>The page where a device's code is typed, with what was typed already.</summary>
    public string DevicePath(string page, string userCode) =>
        issuer.Url.Path + page + (userCode.Length == 0 ? "?for=device" : "?user_code=" + Uri.EscapeDataString(userCode));

    /// <summary>
    /// The <c>user_code</c> that the address names, as far as it can be one; empty where it will be typed (a parameter without a value counts as none); null where
    /// it is about no device. RFC 6749 §3.1
    /// </summary>
    public static string? UserCodeOf(HttpContext http)
    {
        if (RequestReader.ReadQuery(http, out var query) is not null)
            return null;
        if (query.Values("user_code") is [var code])
            return DisplayText.Clean(code, MaxUserCode);
        return query["for"] == "device" ? "" : null;
    }

    /// <summary>The interaction that the address names by <c>flow</c>; neither a prompt nor a refusal where it names none.</summary>
    public async ValueTask<(InteractionPrompt? Prompt, Reason? Refused)> OpenAsync(HttpContext http)
    {
        if (RequestReader.ReadQuery(http, out var query) is { } unreadable)
            return (null, unreadable);
        switch (query.Values("flow"))
        {
            case []:
                return (null, null);
            case [{ Length: <= 512 } handle]:
                var (prompt, refused) = await interactions.OpenAsync(handle, sessions.BrowserOf(http), http.RequestAborted);
                if (prompt is not null)
                    Flow.Set(http, prompt.Reference);
                return (prompt, prompt is null ? refused ?? Reason.InteractionUnknown : null);
            case [_]:
                return (null, Reason.InteractionUnknown);
            default:
                return (null, Reason.ParameterRepeated); // RFC 6749 §3.1
        }
    }

    public static Catalogue TextsFor(HttpContext http, InteractionPrompt? prompt) =>
        Catalogue.For(prompt?.UiLocales ?? [], http.Request.Headers.AcceptLanguage);

    public void Record(HttpContext http, Verdict verdict, Session? session, string? clientId = null, string? item = null, string? change = null) =>
        issuer.Log.Record(
            DecisionRecord.Of(verdict, issuer.Now, Flow.Of(http)) with
            {
                ClientId = clientId,
                Subject = session?.Subject,
                SessionId = session?.Id,
                Item = item,
                Network = Network.Of(http),
                Change = verdict.Allowed ? change : null,
                Revision = issuer.Configuration.Current.Revision,
            }
        );

    /// <summary>Records that a request could not even be judged, and says so.</summary>
    public Task RefuseAsync(HttpContext http, string act, Reason reason, InteractionPrompt? prompt = null)
    {
        Record(http, new Verdict(act, 0, reason), session: null, prompt?.App.ClientId);
        return ErrorPage.WriteAsync(http, issuer, reason, uiLocales: prompt?.UiLocales);
    }

    /// <summary>The value of a field that occurs once; null where it is absent or repeated.</summary>
    public static string? Single(FormParameters form, string name) => form.Values(name) is [var value] ? value : null;

    /// <summary>303: the browser goes on by GET and takes nothing of the form along. RFC 9700 §4.12</summary>
    public static Task SeeOther(HttpContext http, string location)
    {
        http.Response.StatusCode = StatusCodes.Status303SeeOther; // RFC 9700 §4.12
        http.Response.Headers.Location = location;
        SecurityHeaders.Set(http.Response.Headers, formTarget: null);
        return Task.CompletedTask;
    }
}
