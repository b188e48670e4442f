using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Demo.Chapters;

/// <summary>Attacks on the way of the code.</summary>
internal static class CodesAndKeys
{
    public static async Task TellAsync(DemoCast cast)
    {
        cast.Script.Chapter(
            "Stealing the code",
            "The code travels through the browser, so it is what attackers try to catch, to redirect, to guess and to use again."
        );
        await cast.Script.StepAsync(
            "The code is to be sent somewhere else",
            "One character more in the redirect address, and it is another address. The server shows a page and sends the browser nowhere.",
            async expect =>
            {
                var reply = await cast.Browser.GetAsync(Request(cast, ("redirect_uri", cast.Places.NativeCallback + "/")));
                expect.Status(reply, 400);
                expect.Holds("nobody is redirected", reply.Location is null, reply.Location);
                expect.Refused(Reason.RedirectUriMismatch);
            },
            mustFail: true
        );
        await cast.Script.StepAsync(
            "A stolen code is redeemed without the verifier",
            "Only the app that asked knows the code_verifier behind the code_challenge. A wrong one is refused, and the code stays good for its owner.",
            async expect =>
            {
                var (code, verifier) = await DemoForms.CodeAsync(cast);
                var stolen = await cast.Attacker.PostAsync(cast.Issuer + "/token", DemoForms.Redemption(cast, code, Entropy.Text(32)));
                expect.Status(stolen, 400);
                expect.Refused(Reason.VerifierMismatch);
                var owner = await cast.Program.PostAsync(cast.Issuer + "/token", DemoForms.Redemption(cast, code, verifier));
                expect.Status(owner, 200);
            },
            mustFail: true
        );
        await ReplaysAsync(cast);
        await LegacyAsync(cast);
    }

    private static async Task ReplaysAsync(DemoCast cast)
    {
        await cast.Script.StepAsync(
            "A code is used twice",
            "If the same valid request comes again, somebody else has both code and verifier. Nobody can tell who is the thief, so everything issued for the code dies.",
            async expect =>
            {
                var (code, verifier) = await DemoForms.CodeAsync(cast);
                var first = await cast.Program.PostAsync(cast.Issuer + "/token", DemoForms.Redemption(cast, code, verifier));
                var second = await cast.Attacker.PostAsync(cast.Issuer + "/token", DemoForms.Redemption(cast, code, verifier));
                expect.Status(second, 400);
                expect.Refused(Reason.CodeReplayed);
                var call = await cast.Program.GetAsync(cast.Places.Api + "/notes", "api", DemoExpectations.Need(first, "access_token"));
                expect.Status(call, 401);
                var refresh = await cast.Program.PostAsync(cast.Issuer + "/token", DemoForms.Refresh(DemoExpectations.Need(first, "refresh_token")));
                expect.Status(refresh, 400);
            },
            mustFail: true
        );
        await cast.Script.StepAsync(
            "Somebody slips Ada an answer that she did not ask for",
            "An attacker's code in Ada's browser would sign her in as the attacker. The app knows the state of its own sign-ins, in this browser, and no other.",
            async expect =>
            {
                var foreign = await cast.Browser.GetAsync(
                    $"{cast.Places.Web}/signin/callback?code=ost_ac_x&state={Entropy.Text(16)}&iss={Uri.EscapeDataString(cast.Issuer)}",
                    "app"
                );
                expect.Status(foreign, 400);
                expect.Refused(Reason.CallbackCookieMissing);
                await cast.Browser.GetAsync(cast.Places.Web + "/signin?returnUrl=/", "app");
                var wrong = await cast.Browser.GetAsync(
                    $"{cast.Places.Web}/signin/callback?code=ost_ac_x&state={Entropy.Text(16)}&iss={Uri.EscapeDataString(cast.Issuer)}",
                    "app"
                );
                expect.Status(wrong, 400);
            },
            mustFail: true
        );
    }

    private static async Task LegacyAsync(DemoCast cast)
    {
        await cast.Script.StepAsync(
            "An app asks for tokens in the URL (implicit)",
            "URLs end up in histories, logs and Referer headers. The server hands out codes only, and says so.",
            async expect =>
            {
                var reply = await cast.Browser.GetAsync(Request(cast, ("response_type", "token")));
                expect.Holds("the error goes back to the app", reply["error"] == "unsupported_response_type", reply.Location);
                expect.Refused(Reason.ImplicitRefused);
            },
            mustFail: true
        );
        await cast.Script.StepAsync(
            "An app leaves PKCE out, or weakens it",
            "Without a challenge, or with the challenge in plain text, whoever sees the request can use the code.",
            async expect =>
            {
                await cast.Browser.GetAsync(Request(cast, ("code_challenge", null), ("code_challenge_method", null)));
                expect.Refused(Reason.ChallengeMissing);
                await cast.Browser.GetAsync(Request(cast, ("code_challenge_method", "plain")));
                expect.Refused(Reason.PlainChallengeRefused);
            },
            mustFail: true
        );
        await cast.Script.StepAsync(
            "An app asks Ada for her password (password grant)",
            "Then the app would know it, and could use it everywhere. The server never takes a password from an app.",
            async expect =>
            {
                var reply = await cast.Program.PostAsync(
                    cast.Issuer + "/token",
                    [
                        new("grant_type", "password"),
                        new("client_id", DemoStage.NativeClient),
                        new("username", DemoForms.Username),
                        new("password", "not-told"),
                    ]
                );
                expect.Status(reply, 400);
                expect.Refused(Reason.PasswordGrantRefused);
            },
            mustFail: true
        );
    }

    private static string Request(DemoCast cast, params (string, string?)[] changed) =>
        DemoForms.Request(cast, Entropy.Text(32), Entropy.Text(16), Entropy.Text(16), changed);
}
