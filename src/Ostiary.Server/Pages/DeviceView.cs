using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;
using Ostiary.Server.Interaction;

namespace Ostiary.Server.Pages;

/// <summary>What <c>/device</c> looks like.</summary>
internal static class DeviceView
{
    public static Html AskForCode(Catalogue texts, string action, Html csrf, string typed, DeviceFound? refused) =>
        Html.Of(
            $"""
            <h1>{texts["device.title"]}</h1>
            <p class="lead">{texts["device.lead"]}</p>
            {Alert(texts, refused)}
            <form method="post" action="{action}">
            {csrf}
            <div class="field">
            <label for="user_code">{texts["device.code"]}</label>
            <input type="text" id="user_code" name="user_code" value="{typed}" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="32" required autofocus{Invalid(
                refused
            )}>
            <p class="hint">{texts["device.code.hint"]}</p>
            </div>
            <button class="primary block" type="submit">{texts["device.submit"]}</button>
            </form>
            """
        );

    /// <summary>Declining comes first: it is what the Enter key does.</summary>
    public static Html Confirm(Catalogue texts, string action, Html csrf, DevicePrompt prompt, string person, DateTimeOffset now)
    {
        var app = AppOf(prompt);
        var network = DisplayText.Clean(prompt.Network);
        var from = network.Length == 0 ? Html.Empty : Html.Of($"<dt>{texts["device.from"]}</dt><dd>{network}</dd>");
        return Html.Of(
            $"""
            <div class="app"><div class="tile" aria-hidden="true">{ConsentView.Initial(app)}</div><h1>{texts["device.confirm"]}</h1></div>
            <div class="who"><span>{texts.Html("consent.signed-in-as", Html.Of($"<strong>{person}</strong>"))}</span></div>
            <p>{texts["device.compare"]}</p>
            <p class="user-code"><code>{prompt.UserCode}</code></p>
            <p class="note">{texts["device.warning"]}</p>
            <form method="post" action="{action}">
            {csrf}
            <input type="hidden" name="user_code" value="{prompt.UserCode}">
            <h2 id="wants">{texts["consent.wants", app]}</h2>
            <ul class="plain scopes" aria-labelledby="wants">
            {prompt.Scopes.Select(scope => ConsentView.Line(texts, scope))}
            </ul>
            <dl>
            <dt>{texts["device.asked"]}</dt><dd>{RelativeTime.Ago(texts, prompt.AskedAt, now)}</dd>
            {from}
            </dl>
            <div class="pair">
            <button type="submit" name="decision" value="deny">{texts["device.deny"]}</button>
            <button type="submit" name="decision" value="allow">{texts["device.allow"]}</button>
            </div>
            </form>
            <footer>{texts["consent.later"]}</footer>
            """
        );
    }

    public static string DoneTitle(Catalogue texts, bool allowed) => texts[allowed ? "device.allowed.title" : "device.denied.title"];

    public static Html Done(Catalogue texts, DevicePrompt prompt, bool allowed) =>
        Html.Of(
            $"""
            <h1>{DoneTitle(texts, allowed)}</h1>
            <p class="lead">{texts[allowed ? "device.allowed.text" : "device.denied.text", AppOf(prompt)]}</p>
            """
        );

    private static string AppOf(DevicePrompt prompt) => DisplayText.NameOr(prompt.App.Name, prompt.App.ClientId);

    private static Html Alert(Catalogue texts, DeviceFound? refused)
    {
        if (refused?.Refused is not { } reason)
            return Html.Empty;
        var (what, hint) =
            reason == Reason.TooManyUserCodes
                ? (texts["device.throttled"], texts["device.throttled.hint", RelativeTime.Wait(texts, refused.RetryAfter)])
                : (texts["device.unknown"], texts["device.unknown.hint"]);
        return Html.Of($"""<div class="alert" role="alert" id="problem"><strong>{what}</strong><p>{hint}</p></div>""");
    }

    private static Html Invalid(DeviceFound? refused) =>
        refused is null ? Html.Empty : Html.Of($""" aria-invalid="true" aria-describedby="problem" """);
}
