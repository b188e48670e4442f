using Ostiary.Cli.Remote;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Demo.Chapters;

/// <summary>DPoP: tokens that are worth nothing without a key.</summary>
internal static class BoundToAKey
{
    public static async Task TellAsync(DemoCast cast)
    {
        cast.Script.Chapter(
            "Bound to a key",
            "A bearer token is like cash: whoever finds it can spend it. An app can bind its tokens to a key that never leaves it. Then each call brings a proof, signed with "
                + "that key, for this one request."
        );
        using var owner = ClientProver.Ephemeral();
        using var thief = ClientProver.Ephemeral();
        var bound = new Bound();
        await cast.Script.StepAsync(
            "The second app signs Ada in once more, shows a key, and calls the API with a proof",
            "The server writes the fingerprint of the key into the token (cnf). The proof names the method, the address and the token, and its time.",
            async expect =>
            {
                var (code, verifier) = await DemoForms.CodeAsync(cast);
                var reply = await cast.Program.PostAsync(
                    cast.Issuer + "/token",
                    DemoForms.Redemption(cast, code, verifier),
                    proof: owner.Proof("POST", TokenEndpoint(cast))
                );
                expect.Holds("the token is no bearer token", reply["token_type"] == "DPoP", reply["token_type"]);
                (bound.Access, bound.Refresh) = (DemoExpectations.Need(reply, "access_token"), DemoExpectations.Need(reply, "refresh_token"));
                bound.UsedProof = owner.Proof("GET", Notes(cast), accessToken: bound.Access);
                expect.Status(await cast.Program.GetAsync(Notes(cast).OriginalString, "api", bound.Access, bound.UsedProof), 200);
            }
        );
        await StolenAsync(cast, bound, thief);
        await OverheardAsync(cast, bound, owner);
        await RenewedAsync(cast, bound, owner, thief);
    }

    private static async Task StolenAsync(DemoCast cast, Bound bound, ClientProver thief) =>
        await cast.Script.StepAsync(
            "The access token is stolen",
            "As a bearer token it is refused. With a proof by the thief's own key it is refused too: the token names another key.",
            async expect =>
            {
                var bare = await cast.Attacker.GetAsync(Notes(cast).OriginalString, "api", bound.Access);
                expect.Status(bare, 401);
                expect.Refused(Reason.BoundTokenAsBearer);
                var proof = thief.Proof("GET", Notes(cast), accessToken: bound.Access);
                var forged = await cast.Attacker.GetAsync(Notes(cast).OriginalString, "api", bound.Access, proof);
                expect.Status(forged, 401);
                expect.Refused(Reason.TokenOfAnotherKey);
            },
            mustFail: true
        );

    private static async Task OverheardAsync(DemoCast cast, Bound bound, ClientProver owner) =>
        await cast.Script.StepAsync(
            "A proof is overheard together with its token",
            "A proof is good once, for one method and one address, for a minute. So it can neither be sent again nor used elsewhere.",
            async expect =>
            {
                var again = await cast.Attacker.GetAsync(Notes(cast).OriginalString, "api", bound.Access, bound.UsedProof);
                expect.Status(again, 401);
                expect.Refused(Reason.ProofReplayed);
                var fresh = owner.Proof("GET", Notes(cast), accessToken: bound.Access);
                var elsewhere = await cast.Attacker.GetAsync(cast.Places.Api + "/whoami", "api", bound.Access, fresh);
                expect.Status(elsewhere, 401);
                expect.Refused(Reason.ProofTargetWrong);
            },
            mustFail: true
        );

    private static async Task RenewedAsync(DemoCast cast, Bound bound, ClientProver owner, ClientProver thief) =>
        await cast.Script.StepAsync(
            "The refresh token is stolen",
            "An app without a secret has its refresh token bound as well. With another key, or none, it gets nothing, and the owner goes on undisturbed.",
            async expect =>
            {
                var stolen = await cast.Attacker.PostAsync(
                    cast.Issuer + "/token",
                    DemoForms.Refresh(bound.Refresh),
                    proof: thief.Proof("POST", TokenEndpoint(cast))
                );
                expect.Status(stolen, 400);
                expect.Refused(Reason.SenderKeyDiffers);
                var renewed = await cast.Program.PostAsync(
                    cast.Issuer + "/token",
                    DemoForms.Refresh(bound.Refresh),
                    proof: owner.Proof("POST", TokenEndpoint(cast))
                );
                expect.Status(renewed, 200);
            },
            mustFail: true
        );

    private static Uri TokenEndpoint(DemoCast cast) => new(cast.Issuer + "/token");

    private static Uri Notes(DemoCast cast) => new(cast.Places.Api + "/notes");

    /// <summary>What the app got, and the proof that it has used already.</summary>
    private sealed class Bound
    {
        public string Access { get; set; } = "";
        public string Refresh { get; set; } = "";
        public string UsedProof { get; set; } = "";
    }
}
