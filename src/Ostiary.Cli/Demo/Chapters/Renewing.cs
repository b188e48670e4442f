using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Demo.Chapters;

/// <summary>An access token ends, and the app gets the next one without Ada.</summary>
internal static class Renewing
{
    /// <summary>Three seconds of life and five of grace at the API.</summary>
    private static readonly TimeSpan UntilExpired = TimeSpan.FromSeconds(8.5);

    /// <summary>So long the app believes in a token that it got with its clock ahead.</summary>
    private static readonly TimeSpan Error = TimeSpan.FromSeconds(30);

    public static async Task TellAsync(DemoCast cast)
    {
        cast.Script.Chapter(
            "Renewing",
            "Access tokens live shortly, so that a stolen one is soon worthless. A refresh token, which only the app and the server ever see, gets the next one."
        );
        await cast.Script.StepAsync(
            "The access token expires; the app renews it and repeats the call",
            "The app's clock was wrong when it got the token, so it sends one that is over. The API says invalid_token, the app refreshes once behind the scenes, and Ada notices "
                + "nothing. The refresh token changed with it.",
            async expect =>
            {
                cast.Stage.AppClock.Ahead = Error;
                await cast.Browser.GetAsync(cast.Places.Web + "/", "app");
                cast.Stage.AppClock.Ahead = TimeSpan.Zero;
                await Task.Delay(UntilExpired, cast.Script.Stop);
                var home = await cast.Browser.GetAsync(cast.Places.Web + "/", "app");
                expect.Holds(
                    "the page shows Ada's notes again",
                    home.Status == 200 && home.Body.Contains("Ada Lovelace", StringComparison.Ordinal),
                    $"{home.Status}"
                );
                expect.Refused(Reason.BearerExpired);
                var step = cast.Script.Present;
                expect.Holds("the server rotated the refresh token", step.Hops.SelectMany(h => h.Decisions).Any(d => d.Change == "rotated"));
            }
        );
        await cast.Script.StepAsync(
            "An answer gets lost; the retry gets the same token again",
            "Networks fail. Within 30 seconds the previous refresh token still answers with the same successor, so a lost answer signs nobody out.",
            async expect =>
            {
                var first = cast.Memory.Native!.Refresh;
                var lost = await cast.Program.PostAsync(cast.Issuer + "/token", DemoForms.Refresh(first));
                var retry = await cast.Program.PostAsync(cast.Issuer + "/token", DemoForms.Refresh(first));
                expect.Status(retry, 200);
                expect.Holds(
                    "both answers hold the same refresh token",
                    DemoExpectations.Need(lost, "refresh_token") == DemoExpectations.Need(retry, "refresh_token")
                );
                cast.Memory.Native = cast.Memory.Native with
                {
                    Access = DemoExpectations.Need(retry, "access_token"),
                    Refresh = DemoExpectations.Need(retry, "refresh_token"),
                };
            }
        );
    }
}
