using Ostiary.AspNetCore.Observation;
using Ostiary.Cli.Demo;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Program.Tests.Demo;

/// <summary>A story of the size and shape of the real one.</summary>
internal static class SampleTrace
{
    private const string Issuer = "http://127.0.0.1:9400";
    private const string Api = "http://127.0.0.1:9401";
    private const string Web = "http://127.0.0.1:9402";

    public static DemoTrace Create()
    {
        var trace = new DemoTrace
        {
            StartedAt = new DateTimeOffset(2026, 3, 4, 9, 30, 0, TimeSpan.Zero),
            Duration = TimeSpan.FromMilliseconds(2345),
            Version = "0.1.0",
            Issuer = Issuer,
            Api = Api,
            Web = Web,
        };
        trace.Chapters.Add(SigningIn());
        trace.Chapters.Add(Calling());
        trace.Chapters.Add(Attacks());
        return trace;
    }

    private static DemoChapter SigningIn()
    {
        var chapter = new DemoChapter(
            1,
            "Signing in",
            "Ada wants to use an app. The app must not see her password, so it sends her browser to the server, which asks her and sends her back with a code."
        );
        var ask = new DemoStep(
            1,
            "The app sends the browser to the server",
            "The request says who asks, for what, and where the answer goes. It is in the address bar, so it holds no secret."
        );
        ask.Hops.Add(
            new DemoHop
            {
                From = "browser",
                To = "app",
                Method = "GET",
                Url = $"{Web}/signin",
                Status = 302,
                Milliseconds = 2.6,
                FrontChannel = true,
            }
        );
        ask.Hops.Add(Authorize());
        ask.Findings.Add(new DemoFinding("the server shows its sign-in page", true));
        chapter.Steps.Add(ask);
        var consent = new DemoStep(
            2,
            "Ada signs in and agrees",
            "Only the server sees the password. The browser carries a code back, which is worth nothing without the verifier that the app kept."
        );
        consent.Hops.Add(Login());
        consent.Hops.Add(Callback());
        consent.Findings.Add(new DemoFinding("the app compares state and iss before it does anything else", true));
        chapter.Steps.Add(consent);
        var swap = new DemoStep(
            3,
            "The app swaps the code for tokens",
            "From server to server: the browser never sees the tokens. The verifier proves that the app that asked is the app that gets them."
        );
        swap.Hops.Add(Token());
        swap.Findings.Add(new DemoFinding("the ID token is signed by the server and says nonce, aud and at_hash as expected", true));
        chapter.Steps.Add(swap);
        return chapter;
    }

    private static DemoChapter Calling()
    {
        var chapter = new DemoChapter(
            2,
            "Calling the API",
            "The app shows the access token to the API. The API asks nobody: it checks the signature with the server's public key."
        );
        var read = new DemoStep(1, "The app reads Ada's notes", "The token says for which API it is, for whom, and what may be done with it.");
        read.Hops.Add(Call("app", 200, null, 4.2));
        read.Findings.Add(new DemoFinding("the API answers 200", true));
        chapter.Steps.Add(read);
        var bare = new DemoStep(2, "Somebody calls the API without a token", "An API must refuse, and say in WWW-Authenticate what it wants.")
        {
            MustFail = true,
        };
        bare.Hops.Add(
            new DemoHop
            {
                From = "attacker",
                To = "api",
                Method = "GET",
                Url = $"{Api}/notes",
                Status = 401,
                Milliseconds = 0.8,
                Answer = [new("WWW-Authenticate", "Bearer realm=\"notes\"")],
                Decisions =
                [
                    new DemoDecision(
                        "api",
                        "api.bearer",
                        [new CheckedRule("the request carries a token", "RFC 6750 §3", Reason.BearerMissing, false)],
                        Reason.BearerMissing,
                        null
                    ),
                ],
            }
        );
        bare.Findings.Add(new DemoFinding("401, and no error code, because nothing was sent", true));
        chapter.Steps.Add(bare);
        return chapter;
    }

    private static DemoChapter Attacks()
    {
        var chapter = new DemoChapter(3, "What must fail, fails", "Each attack is sent for real. The report shows the rule that stopped it.");
        var replay = new DemoStep(
            1,
            "Somebody uses the code a second time",
            "A code that is used twice was stolen by one of the two. Nobody knows by whom, so the tokens of the first use end as well."
        )
        {
            MustFail = true,
        };
        replay.Hops.Add(Replay());
        replay.Hops.Add(Call("app", 401, Reason.BearerRevoked, 3.1));
        replay.Findings.Add(new DemoFinding("refused with OST2014 code-replayed", true));
        replay.Findings.Add(new DemoFinding("the tokens of the first use have ended", true));
        chapter.Steps.Add(replay);
        var redirect = new DemoStep(
            2,
            "The answer is to go to a foreign address",
            "If the server sent codes to any address, a link in a mail would be enough to steal one."
        )
        {
            MustFail = true,
        };
        redirect.Hops.Add(Redirect());
        redirect.Findings.Add(new DemoFinding("refused with OST1012 redirect-uri-mismatch, and no redirect", true));
        chapter.Steps.Add(redirect);
        var logs = new DemoStep(3, "No secret is in any log", "The demo searches everything that was written for everything that was issued.");
        logs.Findings.Add(new DemoFinding("none of 14 secrets is in the server's log", true));
        chapter.Steps.Add(logs);
        return chapter;
    }

    private static DemoHop Authorize() =>
        new()
        {
            From = "browser",
            To = "server",
            Method = "GET",
            Url = $"{Issuer}/authorize",
            Status = 302,
            Milliseconds = 11.9,
            FrontChannel = true,
            Flow = "f-01JC7Q4N8T",
            Sent =
            [
                new("response_type", "code"),
                new("client_id", "notes-web"),
                new("redirect_uri", $"{Web}/signin/callback"),
                new("scope", "openid profile notes:read"),
                new("state", "#41c0"),
                new("nonce", "#9be2"),
                new("code_challenge", "#d07a"),
                new("code_challenge_method", "S256"),
                new("resource", Api),
            ],
            Answer = [new("location", "/login")],
            Decisions =
            [
                new DemoDecision(
                    "server",
                    "authorize",
                    [
                        new CheckedRule("client_id is present", "RFC 6749 §4.1.1", Reason.ClientIdMissing, true),
                        new CheckedRule("the client is registered", "RFC 6749 §4.1.2.1", Reason.ClientUnknown, true),
                        new CheckedRule("redirect_uri equals a registered one", "RFC 9700 §2.1", Reason.RedirectUriMismatch, true),
                        new CheckedRule("response_type is code", "OAuth 2.1 §4.1.1", Reason.ResponseTypeUnsupported, true),
                        new CheckedRule("code_challenge is present", "OAuth 2.1 §4.1.1", Reason.ChallengeMissing, true),
                        new CheckedRule("code_challenge_method is S256", "RFC 9700 §2.1.1", Reason.PlainChallengeRefused, true),
                        new CheckedRule("every scope is known", "RFC 6749 §3.3", Reason.ScopeUnknown, true),
                    ],
                    null,
                    "a sign-in was started; it waits for Ada"
                ),
            ],
        };

    private static DemoHop Login() =>
        new()
        {
            From = "browser",
            To = "server",
            Method = "POST",
            Url = $"{Issuer}/login",
            Status = 302,
            Milliseconds = 87.4,
            FrontChannel = true,
            Sent = [new("username", "ada@example.test"), new("password", "present")],
            Answer = [new("code", "#7f3a"), new("state", "#41c0"), new("iss", Issuer)],
            Decisions =
            [
                new DemoDecision(
                    "server",
                    "login",
                    [new CheckedRule("the password is right", "", Reason.CredentialsWrong, true)],
                    null,
                    "code #7f3a was issued, for 60 s"
                ),
            ],
        };

    private static DemoHop Callback() =>
        new()
        {
            From = "browser",
            To = "app",
            Method = "GET",
            Url = $"{Web}/signin/callback",
            Status = 302,
            Milliseconds = 5.5,
            FrontChannel = true,
            Sent = [new("code", "#7f3a"), new("state", "#41c0"), new("iss", Issuer)],
            Decisions =
            [
                new DemoDecision(
                    "app",
                    "app.callback",
                    [
                        new CheckedRule("state is the one that this browser was sent away with", "RFC 6749 §10.12", Reason.CallbackStateWrong, true),
                        new CheckedRule("iss is the server that was asked", "RFC 9207 §2.4", Reason.CallbackIssuerWrong, true),
                    ],
                    null,
                    null
                ),
            ],
        };

    private static DemoHop Token() =>
        new()
        {
            From = "app",
            To = "server",
            Method = "POST",
            Url = $"{Issuer}/token",
            Status = 200,
            Milliseconds = 9.1,
            Sent =
            [
                new("grant_type", "authorization_code"),
                new("code", "#7f3a"),
                new("redirect_uri", $"{Web}/signin/callback"),
                new("code_verifier", "#5e11"),
                new("client_id", "notes-web"),
                new("client_secret", "#aa90"),
            ],
            Answer =
            [
                new("access_token", "#c3d4"),
                new("token_type", "Bearer"),
                new("expires_in", "5"),
                new("scope", "openid profile notes:read"),
                new("id_token", "#0b1c"),
                new("refresh_token", "#e6f7"),
            ],
            Decisions =
            [
                new DemoDecision(
                    "server",
                    "token.authorization_code",
                    CodeRules(replayed: false),
                    null,
                    "the code is spent; access token #c3d4 and refresh token #e6f7 were issued"
                ),
            ],
        };

    private static DemoHop Replay() =>
        new()
        {
            From = "attacker",
            To = "server",
            Method = "POST",
            Url = $"{Issuer}/token",
            Status = 400,
            Milliseconds = 4.0,
            Sent =
            [
                new("grant_type", "authorization_code"),
                new("code", "#7f3a"),
                new("code_verifier", "#5e11"),
                new("client_id", "notes-web"),
                new("client_secret", "#aa90"),
            ],
            Answer =
            [
                new("error", "invalid_grant"),
                new("error_description", "The authorization code was already used."),
                new("error_uri", $"{Issuer}/errors/OST2014"),
            ],
            Decisions =
            [
                new DemoDecision(
                    "server",
                    "token.authorization_code",
                    CodeRules(replayed: true),
                    Reason.CodeReplayed,
                    "the grant ended, with access token #c3d4 and refresh token #e6f7"
                ),
            ],
        };

    private static CheckedRule[] CodeRules(bool replayed)
    {
        CheckedRule[] rules =
        [
            new("the code is one of ours", "RFC 6749 §5.2", Reason.CodeUnknown, true),
            new("the code was issued to this client", "RFC 6749 §4.1.3", Reason.CodeOfAnotherClient, true),
            new("code_verifier matches the code_challenge", "RFC 7636 §4.6", Reason.VerifierMismatch, true),
            new("redirect_uri is the one of the request", "RFC 6749 §4.1.3", Reason.RedirectUriChanged, true),
            new("the code was not used before", "OAuth 2.1 §4.1.3", Reason.CodeReplayed, !replayed),
        ];
        return replayed ? rules : [.. rules, new("the code has not expired", "RFC 6749 §4.1.2", Reason.CodeExpired, true)];
    }

    private static DemoHop Redirect() =>
        new()
        {
            From = "attacker",
            To = "server",
            Method = "GET",
            Url = $"{Issuer}/authorize",
            Status = 400,
            Milliseconds = 1.7,
            FrontChannel = true,
            Sent = [new("client_id", "notes-web"), new("redirect_uri", "http://evil.example/<script>alert(1)</script>?a=b&c=\"d\"")],
            Decisions =
            [
                new DemoDecision(
                    "server",
                    "authorize",
                    [
                        new CheckedRule("client_id is present", "RFC 6749 §4.1.1", Reason.ClientIdMissing, true),
                        new CheckedRule("the client is registered", "RFC 6749 §4.1.2.1", Reason.ClientUnknown, true),
                        new CheckedRule("redirect_uri equals a registered one", "RFC 9700 §2.1", Reason.RedirectUriMismatch, false),
                    ],
                    Reason.RedirectUriMismatch,
                    null
                ),
            ],
        };

    private static DemoHop Call(string from, int status, Reason? refused, double milliseconds) =>
        new()
        {
            From = from,
            To = "api",
            Method = "GET",
            Url = $"{Api}/notes",
            Status = status,
            Milliseconds = milliseconds,
            Sent = [new("Authorization", "Bearer #c3d4")],
            Decisions =
            [
                new DemoDecision(
                    "api",
                    "api.bearer",
                    [
                        new CheckedRule("the token is signed by the server", "RFC 9068 §4", Reason.BearerSignatureInvalid, true),
                        new CheckedRule("aud names this API", "RFC 9068 §4", Reason.BearerAudienceWrong, true),
                        new CheckedRule("the token has not expired", "RFC 9068 §4", Reason.BearerExpired, true),
                        new CheckedRule("the token was not revoked", "RFC 7009 §2", Reason.BearerRevoked, refused is null),
                    ],
                    refused,
                    null
                ),
            ],
        };
}
