using System.Buffers.Text;
using System.Text;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Demo.Chapters;

/// <summary>Attacks with tokens.</summary>
internal static class StolenTokens
{
    public static async Task TellAsync(DemoCast cast)
    {
        cast.Script.Chapter(
            "Stealing and forging tokens",
            "Whoever holds a token can use it. So tokens cannot be made or changed by others, and a stolen refresh token gives itself away."
        );
        await cast.Script.StepAsync(
            "A stolen refresh token is used after its owner went on",
            "Its successor was used already, so two parties hold the same chain. The whole grant ends: no token of it works any more, the thief's and the owner's.",
            async expect =>
            {
                var old = cast.Memory.Native!;
                var second = await cast.Program.PostAsync(cast.Issuer + "/token", DemoForms.Refresh(old.Refresh));
                var third = await cast.Program.PostAsync(cast.Issuer + "/token", DemoForms.Refresh(DemoExpectations.Need(second, "refresh_token")));
                var stolen = await cast.Attacker.PostAsync(cast.Issuer + "/token", DemoForms.Refresh(old.Refresh));
                expect.Status(stolen, 400);
                expect.Refused(Reason.RefreshTokenReused);
                var owner = await cast.Program.PostAsync(cast.Issuer + "/token", DemoForms.Refresh(DemoExpectations.Need(third, "refresh_token")));
                expect.Status(owner, 400);
                var call = await cast.Program.GetAsync(cast.Places.Api + "/notes", "api", DemoExpectations.Need(third, "access_token"));
                expect.Status(call, 401);
            },
            mustFail: true
        );
        await cast.Script.StepAsync(
            "A token is tampered with",
            "One changed character breaks the signature. A token without a signature (alg none) is no token at all.",
            async expect =>
            {
                cast.Memory.Native = await DemoForms.SignInAsync(cast);
                var token = cast.Memory.Native.Access;
                var parts = token.Split('.');
                var claims = Encoding
                    .UTF8.GetString(Base64Url.DecodeFromChars(parts[1]))
                    .Replace("notes:read", "notes:write", StringComparison.Ordinal);
                var changed = await cast.Attacker.GetAsync(
                    cast.Places.Api + "/notes",
                    "api",
                    $"{parts[0]}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}.{parts[2]}"
                );
                expect.Status(changed, 401);
                expect.Refused(Reason.BearerSignatureInvalid);
                var none = Base64Url.EncodeToString("""{"alg":"none","typ":"at+jwt"}"""u8);
                var unsigned = await cast.Attacker.GetAsync(cast.Places.Api + "/notes", "api", $"{none}.{parts[1]}.");
                expect.Status(unsigned, 401);
            },
            mustFail: true
        );
        await MisusesAsync(cast);
    }

    private static async Task MisusesAsync(DemoCast cast)
    {
        await cast.Script.StepAsync(
            "A token for one API is sent to another",
            "The other API checks the audience. Otherwise any API could use the tokens it receives against its neighbours.",
            async expect =>
            {
                var reply = await cast.Attacker.GetAsync(cast.Places.OtherApi + "/whoami", "billing", cast.Memory.Native!.Access);
                expect.Status(reply, 401);
                expect.Refused(Reason.BearerAudienceWrong);
            },
            mustFail: true
        );
        await cast.Script.StepAsync(
            "An ID token is used as an access token",
            "It says who Ada is, for the app. Its type says that it opens nothing.",
            async expect =>
            {
                var reply = await cast.Attacker.GetAsync(cast.Places.Api + "/notes", "api", cast.Memory.Native!.Id);
                expect.Status(reply, 401);
                expect.Refused(Reason.BearerTypeWrong);
            },
            mustFail: true
        );
    }
}
