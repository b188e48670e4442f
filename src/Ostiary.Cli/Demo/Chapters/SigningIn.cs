namespace Ostiary.Cli.Demo.Chapters;

/// <summary>Authorization code with PKCE, state and nonce, through the web app.</summary>
internal static class SigningIn
{
    public static async Task TellAsync(DemoCast cast)
    {
        cast.Script.Chapter(
            "Signing in",
            "Ada wants the web app to show her notes. She never gives it her password: the app sends her browser to the server, and gets a one-time code back, "
                + "which it swaps for tokens behind the browser's back."
        );
        await cast.Script.StepAsync(
            "Ada asks the app to sign her in, does so at the server, and lets the app see her notes",
            "The code travels through the browser, where others may see it; it is worthless without the app's secret and the code_verifier, which never do. "
                + "state ties the answer to this browser, nonce ties the ID token to this request, iss says who answered.",
            async expect =>
            {
                var start = await cast.Browser.GetAsync(cast.Places.Web + "/signin?returnUrl=/", "app");
                expect.Holds(
                    "the app sends the browser to the server",
                    start.Location?.StartsWith(cast.Issuer + "/authorize", StringComparison.Ordinal) == true,
                    start.Location
                );
                var back = await DemoForms.ThroughPagesAsync(cast, start.Location!);
                expect.Holds(
                    "the server sends the browser back with a code, the same state, and its issuer",
                    back["code"] is not null && back["iss"] == cast.Issuer,
                    back.Location
                );
                var callback = await cast.Browser.GetAsync(back.Location!, "app");
                expect.Holds("the app accepts the answer and the ID token", callback.Status is 302 or 303, $"{callback.Status}");
            }
        );
    }
}
