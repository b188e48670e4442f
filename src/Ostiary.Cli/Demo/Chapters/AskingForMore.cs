using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Demo.Chapters;

/// <summary>Scope escalation.</summary>
internal static class AskingForMore
{
    public static async Task TellAsync(DemoCast cast)
    {
        cast.Script.Chapter("Asking for more", "What Ada allowed is written down with the grant. No later request can add to it.");
        await cast.Script.StepAsync(
            "An app asks for a scope that it may not have",
            "The operator's list decides before Ada is asked.",
            async expect =>
            {
                var url = DemoForms.Request(cast, Entropy.Text(32), Entropy.Text(16), Entropy.Text(16), ("scope", "openid notes:read notes:write"));
                var reply = await cast.Browser.GetAsync(url);
                expect.Holds("the error goes back to the app", reply["error"] == "invalid_scope", reply.Location);
                expect.Refused(Reason.ScopeNotAllowed);
            },
            mustFail: true
        );
        await cast.Script.StepAsync(
            "A refresh asks for more than was granted",
            "Ada allowed notes:read. The app may have billing:read by the operator's list, but Ada was never asked.",
            async expect =>
            {
                var reply = await cast.Program.PostAsync(
                    cast.Issuer + "/token",
                    [.. DemoForms.Refresh(cast.Memory.Native!.Refresh), new("scope", "openid notes:read billing:read")]
                );
                expect.Status(reply, 400);
                expect.Refused(Reason.ScopeExceedsGrant);
            },
            mustFail: true
        );
    }
}
