using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;

namespace Ostiary.Cli.Demo.Chapters;

/// <summary>Token exchange between two APIs.</summary>
internal static class PassingItOn
{
    private const string AccessType = "urn:ietf:params:oauth:token-type:access_token";

    public static async Task TellAsync(DemoCast cast)
    {
        cast.Script.Chapter(
            "Passing it on",
            "An API often needs another API to answer. If it passed the caller's token on, each could use the tokens it receives everywhere. It exchanges the token instead, "
                + "for one that is meant for the next API and says less."
        );
        await cast.Script.StepAsync(
            "The notes API needs Ada's bill, and exchanges her token for one to the billing API",
            "The operator has allowed exactly this: tokens of the television, to the billing API, to read. The new token says both who Ada is and who acts for her.",
            async expect =>
            {
                var bill = await cast.Program.GetAsync(cast.Places.Api + "/bill", "api", cast.Memory.Television!.Access);
                expect.Status(bill, 200);
                expect.Holds(
                    "the billing API was asked by the notes API, to read and no more",
                    bill["client_id"] == DemoStage.ApiClient && bill["scope"] == "billing:read",
                    bill.Body
                );
                var (before, after) = (Claims(cast.Memory.Television.Access), Claims(cast.Stage.Exchanged!));
                expect.Holds("the new token is about the same person", after["sub"] == before["sub"], after["sub"]);
                expect.Holds("it names the notes API as the one that acts", after["act"] == $$"""{"sub":"{{DemoStage.ApiClient}}"}""", after["act"]);
            }
        );
        await LimitsAsync(cast);
        await cast.Script.StepAsync(
            "The television is signed out, and the billing API is called once more",
            "The exchanged token is not over and its signature is good. It ends with what it came from.",
            async expect =>
            {
                var revoked = await cast.Program.PostAsync(
                    cast.Issuer + "/revoke",
                    [new("client_id", DemoStage.DeviceClient), new("token", cast.Memory.Television!.Refresh)]
                );
                expect.Status(revoked, 200);
                var call = await cast.Api.GetAsync(cast.Places.OtherApi + "/whoami", "billing", cast.Stage.Exchanged);
                expect.Status(call, 401);
                expect.Refused(Reason.BearerRevoked);
            },
            mustFail: true
        );
    }

    private static async Task LimitsAsync(DemoCast cast)
    {
        await cast.Script.StepAsync(
            "The notes API asks for more than the token says",
            "Ada's television may read the bill, so nobody behind it may change it: an exchange never gives what the token it came from does not carry.",
            async expect =>
            {
                var reply = await ExchangeAsync(cast, cast.Memory.Television!.Access, "billing:write");
                expect.Status(reply, 400);
                expect.Refused(Reason.ExchangeScopeExceeded);
            },
            mustFail: true
        );
        await cast.Script.StepAsync(
            "The notes API exchanges a token of another program",
            "That token is good, and the API may have it. But nobody allowed to exchange it, and what nobody allowed is refused.",
            async expect =>
            {
                var reply = await ExchangeAsync(cast, cast.Memory.Native!.Access, "billing:read");
                expect.Status(reply, 400);
                expect.Refused(Reason.ExchangeNotAllowed);
            },
            mustFail: true
        );
    }

    private static Task<DemoReply> ExchangeAsync(DemoCast cast, string token, string scope) =>
        cast.Api.PostAsync(
            cast.Issuer + "/token",
            [
                new("grant_type", ClientNames.TokenExchange),
                new("subject_token", token),
                new("subject_token_type", AccessType),
                new("audience", DemoPlaces.OtherApiIdentifier),
                new("scope", scope),
            ],
            cast.SecretOf(DemoStage.ApiClient)
        );

    private static Dictionary<string, string> Claims(string token)
    {
        Jws.TryReadUnverified(token, out _, out var payload);
        if (!StrictJson.TryParseObject(payload, out var document))
            return [];
        using (document)
            return document.RootElement.EnumerateObject().ToDictionary(claim => claim.Name, claim => claim.Value.ToString());
    }
}
