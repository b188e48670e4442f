using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Conformance;

/// <summary>A request as it was pushed, and where it can be had.</summary>
internal sealed record Fapi2Pushed(Fapi2Client Client, IReadOnlyDictionary<string, string> Request, string Uri);

/// <summary>The end of a flow: the code that came, and what it was good for.</summary>
internal sealed record Fapi2SignedIn(string Code, Answer Tokens, JsonElement IdToken)
{
    public string AccessToken => Tokens["access_token"]!;
}

/// <summary>The flow that every module of the FAPI 2.0 plans runs: push, visit, redeem, call, with everything that is asserted on the way.</summary>
internal sealed class Fapi2Flow : IDisposable
{
    public const string Verifier = "verifier-of-the-plan-verifier-of-the-plan-1";
    private static readonly string[] Permitted = ["PS256", "ES256", "EdDSA", "Ed25519"];

    private readonly JsonElement _keys;

    private Fapi2Flow(Fapi2PlanServer plan, JsonElement metadata, JsonElement keys)
    {
        (Server, Metadata, _keys, Browser) = (plan.Server, metadata, keys, plan.Server.NewBrowser());
        One = plan.NewClient("bank-1", Fapi2PlanServer.FirstRedirect);
        Two = plan.NewClient("bank-2", Fapi2PlanServer.SecondRedirect);
    }

    public TestServer Server { get; }
    public JsonElement Metadata { get; }
    public Browser Browser { get; }
    public Fapi2Client One { get; }
    public Fapi2Client Two { get; }

    public static async Task<Fapi2Flow> StartAsync(Fapi2PlanServer plan)
    {
        using var http = plan.Server.NewHttp();
        var metadata = await ReadAsync(http, plan.Server.Issuer + "/.well-known/openid-configuration");
        var keys = await ReadAsync(http, metadata.GetProperty("jwks_uri").GetString()!);
        ConformanceFlow.AssertKeys(keys);
        return new(plan, metadata, keys);
    }

    /// <summary>A good request, changed as stated: null takes a parameter away.</summary>
    public static Dictionary<string, string> Request(Fapi2Client client, params (string Name, string? Value)[] changes)
    {
        var request = new Dictionary<string, string>
        {
            ["client_id"] = client.Id,
            ["redirect_uri"] = client.RedirectUri,
            ["response_type"] = "code",
            ["scope"] = "openid",
            ["state"] = ConformanceFlow.Random(),
            ["nonce"] = ConformanceFlow.Random(),
            ["code_challenge"] = Pkce.ChallengeOf(Verifier),
            ["code_challenge_method"] = "S256",
        };
        foreach (var (name, value) in changes)
        {
            request.Remove(name);
            if (value is not null)
                request[name] = value;
        }
        return request;
    }

    public static Task<Answer> TryPushAsync(Fapi2Client client, params (string Name, string? Value)[] changes) =>
        client.PostAsync("/par", [.. Request(client, changes).Select(p => (p.Key, p.Value))]);

    public static async Task<Fapi2Pushed> PushAsync(Fapi2Client client, params (string Name, string? Value)[] changes)
    {
        var request = Request(client, changes);
        return Accept(client, request, await client.PostAsync("/par", [.. request.Select(p => (p.Key, p.Value))]));
    }

    /// <summary>What holds for every pushed request that was accepted.</summary>
    public static Fapi2Pushed Accept(Fapi2Client client, IReadOnlyDictionary<string, string> request, Answer answer)
    {
        Assert.Equal((HttpStatusCode.Created, null), (answer.Status, answer.Error));
        Assert.Equal("application/json", answer.Response.Content.Headers.ContentType?.MediaType);
        Assert.InRange(answer.Json.GetProperty("expires_in").GetInt32(), 5, 599);
        ConformanceFlow.AssertEntropy(answer["request_uri"]!);
        return new(client, request, answer["request_uri"]!);
    }

    /// <summary>Brings the reference in a browser where carol signs in and answers; whatever is named besides stands in the URL too.</summary>
    public Task<HttpResponseMessage> VisitAsync(Fapi2Pushed pushed, string decision = "allow", params (string Name, string Value)[] beside) =>
        Browser.AuthorizeAsync(
            Ask.Encode([("client_id", pushed.Client.Id), ("request_uri", pushed.Uri), .. beside]),
            PlanServer.User,
            TestServer.Password,
            decision
        );

    /// <summary>The parameters of an answer, with what holds for every one of them.</summary>
    public FormParameters Read(Fapi2Pushed pushed, HttpResponseMessage visit)
    {
        var query = Browser.QueryOf(visit);
        var separator = pushed.Client.RedirectUri.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        Assert.StartsWith(pushed.Client.RedirectUri + separator, visit.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.Equal(Server.Issuer, query["iss"]);
        Assert.Equal(pushed.Request.GetValueOrDefault("state"), query["state"]);
        Assert.Equal(HttpStatusCode.SeeOther, visit.StatusCode);
        return query;
    }

    public async Task<string> CodeAsync(Fapi2Client client, params (string Name, string? Value)[] changes)
    {
        var pushed = await PushAsync(client, changes);
        return CodeOf(Read(pushed, await VisitAsync(pushed)));
    }

    public static string CodeOf(FormParameters answered)
    {
        Assert.Null(answered["error"]);
        ConformanceFlow.AssertEntropy(answered["code"]!);
        return answered["code"]!;
    }

    public static (string, string)[] Redemption(string code, Fapi2Client client, string? verifier = Verifier) =>
        [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", client.RedirectUri),
            .. verifier is null ? [] : new[] { ("code_verifier", verifier) },
        ];

    public async Task<Fapi2SignedIn> SignInAsync(Fapi2Client client, params (string Name, string? Value)[] changes)
    {
        var pushed = await PushAsync(client, changes);
        return await RedeemAsync(pushed, await VisitAsync(pushed));
    }

    /// <summary>Takes a visit to its end: code, tokens, ID token, resource.</summary>
    public async Task<Fapi2SignedIn> RedeemAsync(Fapi2Pushed pushed, HttpResponseMessage visit)
    {
        var code = CodeOf(Read(pushed, visit));
        var tokens = await pushed.Client.PostAsync("/token", Redemption(code, pushed.Client));
        var idToken = AcceptTokens(pushed.Client, tokens);
        Assert.Equal(pushed.Request.GetValueOrDefault("nonce"), idToken.TryGetProperty("nonce", out var nonce) ? nonce.GetString() : null);
        var userInfo = await pushed.Client.UserInfoAsync(tokens["access_token"]!);
        ConformanceFlow.AssertUserInfo(userInfo, idToken);
        Assert.NotNull(userInfo.Response.Headers.Date);
        return new(code, tokens, idToken);
    }

    public JsonElement AcceptTokens(Fapi2Client client, Answer tokens)
    {
        Assert.Equal((HttpStatusCode.OK, null), (tokens.Status, tokens.Error));
        Assert.Equal(client.TokenType, tokens["token_type"]);
        ConformanceFlow.AssertEntropy(tokens["access_token"]!);
        if (tokens["refresh_token"] is { } refresh)
            ConformanceFlow.AssertEntropy(refresh);
        ConformanceFlow.AssertNotStored(tokens);
        return VerifyIdToken(tokens["id_token"]!, client.Id);
    }

    /// <summary>A page that names the fault and leads nowhere.</summary>
    public static async Task AssertPageAsync(HttpResponseMessage visit, Reason reason)
    {
        var html = await visit.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        ConformanceFlow.AssertErrorPage(new(new Dictionary<string, string>(), visit, html, 0, 0), reason);
    }

    /// <summary>A refusal of a back-channel request: 400, or 401 where the client is not who it says.</summary>
    public static void AssertRefused(Answer answer, params string[] errors)
    {
        Assert.Contains(answer.Error, errors);
        Assert.Equal(answer.Error == "invalid_client" ? HttpStatusCode.Unauthorized : HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal("application/json", answer.Response.Content.Headers.ContentType?.MediaType);
        ConformanceFlow.AssertErrorText(answer["error_description"], answer["error_uri"]);
        ConformanceFlow.AssertNotStored(answer);
    }

    public void Dispose()
    {
        Browser.Dispose();
        One.Dispose();
        Two.Dispose();
    }

    /// <summary>Checked with the platform's ECDSA alone: ES256 is what a client of the profile gets where it names nothing else.</summary>
    private JsonElement VerifyIdToken(string token, string clientId)
    {
        var parts = token.Split('.');
        var header = Json(parts[0]);
        Assert.Contains(header.GetProperty("alg").GetString(), Permitted);
        var kid = header.GetProperty("kid").GetString();
        var key = Assert.Single(_keys.GetProperty("keys").EnumerateArray(), k => k.GetProperty("kid").GetString() == kid);
        using var ecdsa = ECDsa.Create(
            new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new() { X = Bytes(key.GetProperty("x").GetString()!), Y = Bytes(key.GetProperty("y").GetString()!) },
            }
        );
        Assert.True(ecdsa.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Bytes(parts[2]), HashAlgorithmName.SHA256));
        var claims = Json(parts[1]);
        var now = Server.Time.Now.ToUnixTimeSeconds();
        Assert.Equal((Server.Issuer, clientId), (claims.GetProperty("iss").GetString(), claims.GetProperty("aud").GetString()));
        Assert.InRange(claims.GetProperty("exp").GetInt64(), now + 1, now + 86400);
        Assert.InRange(claims.GetProperty("iat").GetInt64(), now - 300, now);
        return claims;
    }

    private static JsonElement Json(string part)
    {
        using var document = JsonDocument.Parse(Bytes(part));
        return document.RootElement.Clone();
    }

    private static byte[] Bytes(string text) => Base64Url.DecodeFromChars(text);

    private static async Task<JsonElement> ReadAsync(HttpClient http, string url)
    {
        using var document = JsonDocument.Parse(await http.GetStringAsync(url, TestContext.Current.CancellationToken));
        return document.RootElement.Clone();
    }
}
