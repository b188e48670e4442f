using Microsoft.AspNetCore.Http;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Pages;

/// <summary>What the login page says back. An account that is unknown, disabled or has another password is answered alike.</summary>
internal sealed record LoginAnswer(string Username)
{
    public bool IsIncomplete { get; init; }
    public Reason? Refused { get; init; }
    public TimeSpan RetryAfter { get; init; }

    public int Status =>
        Refused switch
        {
            null when !IsIncomplete => StatusCodes.Status200OK,
            Reason.TooManyAttempts => StatusCodes.Status429TooManyRequests,
            Reason.PasswordQueueFull => StatusCodes.Status503ServiceUnavailable,
            // Password stores take a 4xx for a failed sign-in and do not offer to keep the wrong password.
            _ => StatusCodes.Status400BadRequest,
        };
}

/// <param name="App">Who asks; null where somebody only wants to see their account.</param>
/// <param name="ContinueAs">Who may go on with one click.</param>
/// <param name="ForDevice">Whether somebody wants to connect a device.</param>
/// <param name="IsFresh">Whether somebody is signed in who must do so again.</param>
internal sealed record LoginView(Catalogue Texts, string Action, Html Csrf, string? App, string? ContinueAs, bool IsFresh, bool ForDevice = false)
{
    public Html Render(LoginAnswer answer) =>
        Html.Of(
            $"""
            <h1>{Texts["login.title"]}</h1>
            <p class="lead">{Purpose}</p>
            {Alert(answer)}
            {Continue}
            <form method="post" action="{Action}">
            {Csrf}
            <div class="field">
            <label for="username">{Texts["login.username"]}</label>
            <input type="text" id="username" name="username" value="{answer.Username}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="256" required{Focus(
                answer.Username.Length == 0 && ContinueAs is null
            )}{Invalid(answer)}>
            </div>
            <div class="field">
            <label for="password">{Texts["login.password"]}</label>
            <input type="password" id="password" name="password" autocomplete="current-password" maxlength="1024" required{Focus(
                answer.Username.Length > 0
            )}{Invalid(answer)}>
            </div>
            <button class="{(ContinueAs is null ? "primary block" : "block")}" type="submit">{Texts["login.submit"]}</button>
            </form>
            """
        );

    private Html Purpose =>
        (App, IsFresh) switch
        {
            (null, _) => Texts.Html(ForDevice ? "login.to-device" : "login.to-account"),
            (_, true) => Texts.Html("login.fresh", Html.Of($"<strong>{App}</strong>")),
            _ => Texts.Html("login.to-app", Html.Of($"<strong>{App}</strong>")),
        };

    private Html Continue =>
        ContinueAs is null
            ? Html.Empty
            : Html.Of(
                $"""
                <form method="post" action="{Action}">
                {Csrf}
                <button class="primary block" type="submit" name="decision" value="continue">{Texts["login.continue", ContinueAs]}</button>
                </form>
                <p class="or">{Texts["login.or"]}</p>
                """
            );

    private Html Alert(LoginAnswer answer)
    {
        if (answer.IsIncomplete)
            return Alert(Texts["login.incomplete"], null);
        return answer.Refused switch
        {
            null => Html.Empty,
            Reason.TooManyAttempts => Alert(Texts["login.throttled"], Texts["login.throttled.hint", RelativeTime.Wait(Texts, answer.RetryAfter)]),
            Reason.PasswordQueueFull => Alert(Texts["login.busy"], Texts["login.busy.hint"]),
            _ => Alert(Texts["login.failed"], Texts["login.failed.hint"]),
        };
    }

    private static Html Alert(string what, string? hint) =>
        Html.Of(
            $"""<div class="alert" role="alert" id="problem"><strong>{what}</strong>{(hint is null ? Html.Empty : Html.Of($"<p>{hint}</p>"))}</div>"""
        );

    private static Html Focus(bool here) => here ? Html.Of($" autofocus") : Html.Empty;

    private static Html Invalid(LoginAnswer answer) =>
        (answer.IsIncomplete, answer.Refused) switch
        {
            (false, null) => Html.Empty,
            (_, Reason.TooManyAttempts or Reason.PasswordQueueFull) => Html.Of($""" aria-describedby="problem" """),
            _ => Html.Of($""" aria-invalid="true" aria-describedby="problem" """),
        };
}
