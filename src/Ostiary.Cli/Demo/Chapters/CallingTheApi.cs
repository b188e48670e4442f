using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Demo.Chapters;

/// <summary>A protected API with a token, without one, and with too little.</summary>
internal static class CallingTheApi
{
    public static async Task TellAsync(DemoCast cast)
    {
        cast.Script.Chapter(
            "Calling the API",
            "The API knows nothing of passwords. It checks the access token: who issued it, for whom, until when, and for what."
        );
        await cast.Script.StepAsync(
            "The app fetches Ada's notes with its access token",
            "The browser holds only a cookie; the token stays on the app's server and goes to this API alone.",
            async expect =>
            {
                var home = await cast.Browser.GetAsync(cast.Places.Web + "/", "app");
                expect.Holds(
                    "the page shows Ada's notes",
                    home.Status == 200 && home.Body.Contains("Ada Lovelace", StringComparison.Ordinal),
                    $"{home.Status}"
                );
            }
        );
        await cast.Script.StepAsync(
            "Somebody calls the API without a token",
            "The answer says which kind of token is needed, and nothing else.",
            async expect =>
            {
                var reply = await cast.Attacker.GetAsync(cast.Places.Api + "/notes", "api");
                expect.Status(reply, 401);
                expect.Refused(Reason.BearerMissing);
                expect.Holds(
                    "the challenge names Bearer and no error code",
                    reply.Challenge?.StartsWith("Bearer", StringComparison.Ordinal) == true
                        && !reply.Challenge.Contains("error=", StringComparison.Ordinal),
                    reply.Challenge
                );
            },
            mustFail: true
        );
        await cast.Script.StepAsync(
            "A second app signs Ada in, to read notes only",
            "A program on Ada's own machine can keep no secret. PKCE protects its codes, and its refresh tokens change at every use.",
            async _ => cast.Memory.Native = await DemoForms.SignInAsync(cast)
        );
        await cast.Script.StepAsync(
            "It tries to write",
            "Its token says notes:read. What is not in the scope is refused, however valid the token is.",
            async expect =>
            {
                var reply = await cast.Program.PostJsonAsync(
                    cast.Places.Api + "/notes",
                    """{"text":"more than I may"}""",
                    cast.Memory.Native!.Access
                );
                expect.Status(reply, 403);
                expect.Refused(Reason.BearerScopeInsufficient);
                expect.Holds(
                    "the challenge names the scope that is missing",
                    reply.Challenge?.Contains("notes:write", StringComparison.Ordinal) == true,
                    reply.Challenge
                );
            },
            mustFail: true
        );
    }
}
