using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;

namespace Ostiary.Cli.Demo.Chapters;

/// <summary>Device authorization.</summary>
internal static class WithoutABrowser
{
    public static async Task TellAsync(DemoCast cast)
    {
        cast.Script.Chapter(
            "Without a browser",
            "Nobody types a password on a television, and it should not see one. It shows a short code. Ada types that on her telephone, signs in there, and the server "
                + "hands the tokens to the television."
        );
        await cast.Script.StepAsync(
            "The television shows a code; Ada types it in and agrees; the television reads her notes",
            "It asks every few seconds and gets nothing until she has answered. What it asks with is another code, which nobody ever sees.",
            async expect =>
            {
                var asked = await AskAsync(cast.Program, cast);
                var early = await PollAsync(cast.Program, cast, asked);
                expect.Holds("before she has answered it gets nothing", early["error"] == "authorization_pending", early["error"]);
                await AnswerAsync(cast, asked, "allow");
                var reply = await PollAsync(cast.Program, cast, asked);
                expect.Status(reply, 200);
                cast.Memory.Television = new(
                    DemoExpectations.Need(reply, "access_token"),
                    DemoExpectations.Need(reply, "refresh_token"),
                    DemoExpectations.Need(reply, "id_token")
                );
                var notes = await cast.Program.GetAsync(cast.Places.Api + "/notes", "api", cast.Memory.Television.Access);
                expect.Status(notes, 200);
                var again = await PollAsync(cast.Attacker, cast, asked);
                expect.Holds("the same code gives nothing a second time", again.Status == 400, $"{again.Status}");
                expect.Refused(Reason.DeviceCodeUsed);
            }
        );
        await cast.Script.StepAsync(
            "An attacker sends Ada a link with a code of his own",
            "He hopes that she agrees without looking. The link only fills in the field: the page shows the code, the program and what it wants, and asks. No device of hers "
                + "shows that code, so she declines.",
            async expect =>
            {
                var asked = await AskAsync(cast.Attacker, cast);
                var page = await DemoForms.ThroughPagesAsync(cast, DemoExpectations.Need(asked, "verification_uri_complete"));
                expect.Status(page, 200);
                var early = await PollAsync(cast.Attacker, cast, asked);
                expect.Status(early, 400);
                expect.Refused(Reason.AuthorizationPending);
                await AnswerAsync(cast, asked, "deny");
                var reply = await PollAsync(cast.Attacker, cast, asked);
                expect.Status(reply, 400);
                expect.Refused(Reason.DeviceDeclined);
            },
            mustFail: true
        );
    }

    /// <summary>The program of the television asks, for the notes and for what the notes need.</summary>
    private static async Task<DemoReply> AskAsync(DemoActor device, DemoCast cast)
    {
        var reply = await device.PostAsync(
            cast.Issuer + "/device_authorization",
            [
                new("client_id", DemoStage.DeviceClient),
                new("scope", "openid offline_access notes:read billing:read"),
                new("resource", DemoPlaces.ApiIdentifier),
            ]
        );
        DemoExpectations.Need(reply, "device_code");
        return reply;
    }

    private static Task<DemoReply> PollAsync(DemoActor device, DemoCast cast, DemoReply asked) =>
        device.PostAsync(
            cast.Issuer + "/token",
            [
                new("grant_type", ClientNames.DeviceCode),
                new("client_id", DemoStage.DeviceClient),
                new("device_code", DemoExpectations.Need(asked, "device_code")),
            ]
        );

    /// <summary>What Ada does on her telephone: she types the code, compares it on the next page, and answers.</summary>
    private static async Task AnswerAsync(DemoCast cast, DemoReply asked, string decision)
    {
        var url = DemoExpectations.Need(asked, "verification_uri");
        var code = new KeyValuePair<string, string>("user_code", DemoExpectations.Need(asked, "user_code"));
        var empty = await DemoForms.ThroughPagesAsync(cast, url);
        var filled = await cast.Browser.PostAsync(url, [DemoForms.Csrf(empty), code]);
        await cast.Browser.PostAsync(url, [DemoForms.Csrf(filled), code, new("decision", decision)]);
    }
}
