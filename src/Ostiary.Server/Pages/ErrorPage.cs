using System.Globalization;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Http;

namespace Ostiary.Server.Pages;

/// <summary>What people see where a request was refused: what happened, what was not done, the reference; the rest is for developers. Nothing of the request is shown.</summary>
public static class ErrorPage
{
    /// <param name="reference">The flow; that of the answer where it is null.</param>
    /// <param name="parameter">The name of the parameter concerned.</param>
    public static Task WriteAsync(
        HttpContext http,
        Issuer issuer,
        Reason reason,
        string? reference = null,
        string? parameter = null,
        IReadOnlyList<string>? uiLocales = null,
        TimeSpan? retryAfter = null
    )
    {
        var texts = Catalogue.For(uiLocales ?? [], http.Request.Headers.AcceptLanguage);
        var refusal = Refusal.For(reason);
        var status = refusal.Status is >= 400 and <= 599 ? refusal.Status : StatusCodes.Status400BadRequest;
        if (reference is not null)
            Flow.Set(http, reference);
        if (retryAfter is { } wait)
            http.Response.Headers.RetryAfter = ((int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        var kind = KindOf(reason);
        var title = texts["error.title." + kind];
        var body = Html.Of(
            $"""
            <h1>{title}</h1>
            <p class="lead">{Happened(texts, reason)}</p>
            <p><strong>{texts["error.undone." + kind]}</strong></p>
            <p>{texts[NextStep(reason)]}</p>
            <p class="reference"><span>{texts["error.reference"]}</span> <code>{Flow.Of(http)}</code></p>
            {Details(issuer, texts, reason, refusal, parameter)}
            """
        );
        return PageWriter.WriteAsync(http, issuer, texts, new Page(title, body) { Status = status });
    }

    private static string Happened(Catalogue texts, Reason reason)
    {
        var key = "error." + Refusal.CodeOf(reason);
        return texts[texts.Has(key) ? key : "error.fallback"];
    }

    private static Html Details(Issuer issuer, Catalogue texts, Reason reason, Refusal refusal, string? parameter)
    {
        var code = Refusal.CodeOf(reason);
        var spec = refusal.Spec.Length == 0 ? Html.Empty : Html.Of($"<dt>{texts["error.spec"]}</dt><dd>{refusal.Spec}</dd>");
        var wire = refusal.Error.Length == 0 ? Html.Empty : Html.Of($"<dt>{texts["error.wire"]}</dt><dd><code>{refusal.Error}</code></dd>");
        return Html.Of(
            $"""
            <details><summary>{texts["error.developers"]}</summary>
            <p lang="en">{JsonAnswer.Describe(refusal, parameter)}</p>
            <dl><dt>{texts["error.code"]}</dt><dd>{code} <code>{Refusal.NameOf(reason)}</code></dd>{wire}{spec}</dl>
            <p><a href="{issuer.Url.Path}/errors/{code}">{texts["error.explanation"]}</a></p>
            </details>
            """
        );
    }

    private static string KindOf(Reason reason) =>
        reason switch
        {
            Reason.LogoutHintInvalid or Reason.LogoutRedirectMismatch or Reason.LogoutNotConfirmed => "logout",
            >= Reason.StorageUnavailable and <= Reason.InternalFault => "server",
            >= Reason.RequestObjectMalformed and <= Reason.RequestObjectReplayed => "sign-in",
            Reason.FormForged or Reason.NotSignedIn or > Reason.NotSignedIn => "page",
            _ => "sign-in",
        };

    private static string NextStep(Reason reason) =>
        reason switch
        {
            Reason.TooManyRequests or Reason.TooManyAttempts or Reason.PasswordQueueFull => "error.next.wait",
            >= Reason.StorageUnavailable and <= Reason.InternalFault => "error.next.wait",
            >= Reason.RequestObjectMalformed and <= Reason.RequestObjectReplayed => "error.next.app",
            Reason.FormForged or Reason.NotSignedIn or > Reason.NotSignedIn => "error.next.again",
            _ => "error.next.app",
        };
}
