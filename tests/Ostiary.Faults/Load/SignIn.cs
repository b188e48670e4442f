using Ostiary.Faults.Records;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;

namespace Ostiary.Faults.Load;

/// <summary>A person in a browser that is signed in.</summary>
internal sealed record Person(string Name, string Subject, string Cookies);

/// <summary>One sign-in and what its client holds of it. Used by one caller at a time.</summary>
internal sealed class SignIn(Recorder recorder, Caller caller, Person person, string family)
{
    private readonly string _verifier = Entropy.Text(32);
    private string _code = "";

    public string Family => family;
    public List<string> Refresh { get; } = [];
    public List<string> Access { get; } = [];

    /// <summary>When the newest refresh token was given.</summary>
    public double RotatedAt { get; private set; }
    public bool Redeemed => Refresh.Count > 0;

    /// <summary>The client knows that it is over.</summary>
    public bool Over { get; private set; }

    public Task<Op> AuthorizeAsync(CancellationToken ct) =>
        recorder.CallAsync(
            Empty(Act.Authorize),
            () => caller.AuthorizeAsync(person.Cookies, Pkce.ChallengeOf(_verifier), ct),
            (op, answer) =>
            {
                _code = answer.Text;
                return op with { Outcome = answer.Text.Length > 0 ? Outcome.Ok : Outcome.Refused, Item = answer.Text };
            }
        );

    public async Task<Op> RedeemAsync(CancellationToken ct, string client = "app") =>
        Noted(
            await recorder.CallAsync(
                Empty(Act.Redeem) with
                {
                    Item = _code,
                    Foreign = client != "app",
                },
                () =>
                    caller.PostAsync(
                        "/token",
                        null,
                        ct,
                        ("grant_type", "authorization_code"),
                        ("client_id", client),
                        ("code", _code),
                        ("code_verifier", _verifier),
                        ("redirect_uri", Town.Ground.Redirect)
                    ),
                Took
            )
        );

    public async Task<Op> RefreshAsync(string token, CancellationToken ct, string client = "app") =>
        Noted(
            await recorder.CallAsync(
                Empty(Act.Refresh) with
                {
                    Item = token,
                    Foreign = client != "app",
                },
                () => caller.PostAsync("/token", null, ct, ("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)),
                Took
            )
        );

    public async Task<Op> RevokeAsync(string token, CancellationToken ct, string client = "app")
    {
        var isRefresh = Refresh.Contains(token);
        var op = await recorder.CallAsync(
            Empty(Act.Revoke) with
            {
                Item = token,
                Foreign = client != "app",
                Text = isRefresh ? "refresh" : "access",
            },
            () => caller.PostAsync("/revoke", null, ct, ("client_id", client), ("token", token))
        );
        Over |= isRefresh && client == "app" && op.Outcome == Outcome.Ok;
        return op;
    }

    public Task<Op> IntrospectAsync(string token, CancellationToken ct) => Introspection.AskAsync(recorder, caller, Empty(Act.Introspect), token, ct);

    /// <summary>As a client does it: until it knows.</summary>
    public static async Task<Op> UntilKnownAsync(Func<Task<Op>> act, CancellationToken ct)
    {
        for (var attempt = 0; ; attempt++)
        {
            var op = await act();
            if (op.Outcome is Outcome.Ok or Outcome.Refused || attempt >= 40 || ct.IsCancellationRequested)
                return op;
            await Task.Delay(TimeSpan.FromMilliseconds(60 + (20 * attempt)), CancellationToken.None);
        }
    }

    private Op Empty(Act act) =>
        new()
        {
            Act = act,
            Family = family,
            User = person.Name,
            Client = "app",
            Text = act is Act.Redeem or Act.Refresh ? person.Subject : "",
        };

    /// <summary>A disabled user may come back; every other refusal is for ever.</summary>
    private Op Noted(Op op)
    {
        Over |= op is { Foreign: false, Outcome: Outcome.Refused } && op.Code != "OST2021";
        return op;
    }

    private Op Took(Op op, Answer answer)
    {
        var taken = op with { Refresh = answer["refresh_token"], Access = answer["access_token"] };
        if (op.Foreign)
            return taken;
        lock (Refresh)
        {
            if (!Refresh.Contains(taken.Refresh))
            {
                Refresh.Add(taken.Refresh);
                RotatedAt = recorder.History.Now;
            }
            Access.Add(taken.Access);
        }
        return taken;
    }
}

/// <summary>What an API asks about a token that it is shown.</summary>
internal static class Introspection
{
    public static Task<Op> AskAsync(Recorder recorder, Caller caller, Op op, string token, CancellationToken ct) =>
        recorder.CallAsync(
            op with
            {
                Item = token,
            },
            () => caller.PostAsync("/introspect", "robot", ct, ("token", token)),
            (ended, answer) => ended with { Active = answer["active"] == "True", Client = answer["client_id"], Text = answer["sub"] }
        );
}

/// <summary>Tokens of services: with a secret, or with an assertion that is good once.</summary>
internal sealed class Service(Recorder recorder, Caller caller, JsonWebKey key)
{
    private readonly JwsSigner _signer = JwsSigner.Create(key, "ES256");

    public Task<Op> TokenAsync(string family, CancellationToken ct) =>
        recorder.CallAsync(
            new()
            {
                Act = Act.ServiceToken,
                Family = family,
                Client = "robot",
            },
            () => caller.PostAsync("/token", "robot", ct, ("grant_type", "client_credentials")),
            (op, answer) => op with { Access = answer["access_token"] }
        );

    public Task<Op> RevokeAsync(string family, string token, CancellationToken ct) =>
        recorder.CallAsync(
            new()
            {
                Act = Act.Revoke,
                Family = family,
                Item = token,
                Text = "access",
            },
            () => caller.PostAsync("/revoke", "robot", ct, ("token", token))
        );

    public Task<Op> IntrospectAsync(string family, string token, CancellationToken ct) =>
        Introspection.AskAsync(recorder, caller, new() { Act = Act.Introspect, Family = family }, token, ct);

    public (string Id, string Assertion) NewAssertion()
    {
        var id = Entropy.Text(16);
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var claims = $$"""{"iss":"signer","sub":"signer","aud":"{{Town.Ground.Issuer}}","iat":{{now}},"exp":{{now + 240}},"jti":"{{id}}"}""";
        return (id, _signer.Sign("JWT", System.Text.Encoding.UTF8.GetBytes(claims)));
    }

    public Task<Op> AssertAsync(string id, string assertion, CancellationToken ct) =>
        recorder.CallAsync(
            new()
            {
                Act = Act.Assert,
                Item = id,
                Client = "signer",
            },
            () =>
                caller.PostAsync(
                    "/token",
                    null,
                    ct,
                    ("grant_type", "client_credentials"),
                    ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                    ("client_assertion", assertion)
                ),
            (op, answer) => op with { Access = answer["access_token"] }
        );
}
