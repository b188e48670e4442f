using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Demo.Chapters;

/// <summary>Introspection, revocation, logout.</summary>
internal static class Ending
{
    public static async Task TellAsync(DemoCast cast)
    {
        cast.Script.Chapter("Ending it", "Access ends when somebody says so, not only when time is up.");
        await cast.Script.StepAsync(
            "The API asks the server about a token; a stranger asks too",
            "Only the API that a token is for learns anything. Everybody else hears that it is not active.",
            async expect =>
            {
                var token = cast.Memory.Native!.Access;
                var api = await cast.Program.PostAsync(cast.Issuer + "/introspect", [new("token", token)], cast.SecretOf(DemoStage.ApiClient));
                expect.Holds("the API learns that it is active", api["active"] == "True", api["active"]);
                var stranger = await cast.Attacker.PostAsync(
                    cast.Issuer + "/introspect",
                    [new("token", token)],
                    cast.SecretOf(DemoStage.ServiceClient)
                );
                expect.Holds(
                    "the stranger learns nothing",
                    stranger.Values.Count == 1 && stranger["active"] == "False",
                    string.Join(' ', stranger.Values.Keys)
                );
                expect.Refused(Reason.NotTheAddressee);
            }
        );
        await cast.Script.StepAsync(
            "The app gives its tokens back",
            "A revoked token is refused at once, although its signature is still good and its time is not over.",
            async expect =>
            {
                var native = cast.Memory.Native!;
                var revoked = await cast.Program.PostAsync(
                    cast.Issuer + "/revoke",
                    [new("client_id", DemoStage.NativeClient), new("token", native.Refresh)]
                );
                expect.Status(revoked, 200);
                var call = await cast.Program.GetAsync(cast.Places.Api + "/notes", "api", native.Access);
                expect.Status(call, 401);
                expect.Refused(Reason.BearerRevoked);
            },
            mustFail: true
        );
        await cast.Script.StepAsync(
            "Ada signs out of the app, and with it everywhere",
            "The app ends its own session and sends the browser to the server, which ends Ada's session and every grant that hangs on it.",
            SignOutAsync(cast)
        );
    }

    private static Func<DemoExpectations, Task> SignOutAsync(DemoCast cast) =>
        async expect =>
        {
            var left = await cast.Browser.PostAsync(cast.Places.Web + "/signout", [], to: "app");
            expect.Holds(
                "the app sends the browser to the server",
                left.Location?.StartsWith(cast.Issuer + "/end_session", StringComparison.Ordinal) == true,
                $"{left.Status} {left.Location}"
            );
            var ended = await cast.Browser.GetAsync(left.Location!);
            expect.Holds(
                "the server sends it back to the app",
                ended.Location?.StartsWith(cast.Places.Web, StringComparison.Ordinal) == true,
                $"{ended.Status} {ended.Location}"
            );
            await cast.Browser.GetAsync(ended.Location!, "app");
            var silent = DemoForms.Request(cast, Entropy.Text(32), Entropy.Text(16), Entropy.Text(16), ("prompt", "none"));
            var after = await cast.Browser.GetAsync(silent);
            expect.Holds("nobody is signed in at the server any more", after["error"] == "login_required", after.Location);
            expect.Refused(Reason.LoginRequired);
        };
}
