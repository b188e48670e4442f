namespace Ostiary.Cli.Demo.Chapters;

/// <summary>Client credentials: no person involved.</summary>
internal static class ActingForItself
{
    public static async Task TellAsync(DemoCast cast)
    {
        cast.Script.Chapter(
            "Acting for itself",
            "A program that works at night has nobody to sign in. It authenticates as itself and gets a token without a person in it."
        );
        await cast.Script.StepAsync(
            "The robot gets a token and calls the API",
            "The token's subject is the robot. An API can tell it from every person, and no refresh token is needed.",
            async expect =>
            {
                var reply = await cast.Program.PostAsync(
                    cast.Issuer + "/token",
                    [new("grant_type", "client_credentials"), new("resource", DemoPlaces.ApiIdentifier), new("scope", "notes:read")],
                    cast.SecretOf(DemoStage.ServiceClient)
                );
                expect.Status(reply, 200);
                expect.Holds("there is no refresh token", reply["refresh_token"] is null);
                var who = await cast.Program.GetAsync(cast.Places.Api + "/whoami", "api", DemoExpectations.Need(reply, "access_token"));
                expect.Status(who, 200);
                expect.Holds("the API sees the robot", who["sub"] == DemoStage.ServiceClient, who["sub"]);
            }
        );
    }
}
