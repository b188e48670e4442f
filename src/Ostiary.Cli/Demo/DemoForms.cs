using System.Net;
using System.Text.RegularExpressions;
using Ostiary.Protocol;

namespace Ostiary.Cli.Demo;

/// <summary>What a person does at the server's pages, and the parameters of an authorization request.</summary>
internal static partial class DemoForms
{
    public const string Username = "ada";

    /// <summary>Answers login and consent pages until the browser is sent away from the server.</summary>
    public static async Task<DemoReply> ThroughPagesAsync(DemoCast cast, string url)
    {
        var reply = await cast.Browser.GetAsync(url);
        for (var pages = 0; pages < 8; pages++)
        {
            if (reply.Location is { } location)
            {
                if (!IsAtServer(cast, location))
                    return reply;
                url = Absolute(cast, location);
                reply = await cast.Browser.GetAsync(url);
            }
            else if (reply.Body.Contains("name=\"password\"", StringComparison.Ordinal))
                reply = await cast.Browser.PostAsync(url, [Csrf(reply), new("username", Username), new("password", cast.Stage.Password)]);
            else if (reply.Body.Contains("value=\"allow\"", StringComparison.Ordinal))
                reply = await cast.Browser.PostAsync(url, [Csrf(reply), new("decision", "allow")]);
            else
                return reply;
        }
        return reply;
    }

    /// <summary>The authorization request of the native app.</summary>
    public static string Request(DemoCast cast, string verifier, string state, string nonce, params (string Name, string? Value)[] changed)
    {
        var parameters = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["client_id"] = DemoStage.NativeClient,
            ["response_type"] = "code",
            ["redirect_uri"] = cast.Places.NativeCallback,
            ["scope"] = "openid notes:read",
            ["state"] = state,
            ["nonce"] = nonce,
            ["code_challenge"] = Pkce.ChallengeOf(verifier),
            ["code_challenge_method"] = Pkce.S256,
        };
        foreach (var (name, value) in changed)
            parameters[name] = value;
        var query = parameters.Where(p => p.Value is not null).Select(p => $"{p.Key}={Uri.EscapeDataString(p.Value!)}");
        return $"{cast.Issuer}/authorize?{string.Join('&', query)}";
    }

    /// <summary>The native app gets a fresh code through the browser.</summary>
    public static async Task<(string Code, string Verifier)> CodeAsync(DemoCast cast, params (string Name, string? Value)[] changed)
    {
        var verifier = Entropy.Text(32);
        cast.Stage.Secrets.Remember(verifier);
        var reply = await ThroughPagesAsync(cast, Request(cast, verifier, Entropy.Text(16), Entropy.Text(16), changed));
        return (DemoExpectations.Need(reply, "code"), verifier);
    }

    public static KeyValuePair<string, string>[] Redemption(DemoCast cast, string code, string verifier) =>
        [
            new("grant_type", "authorization_code"),
            new("client_id", DemoStage.NativeClient),
            new("code", code),
            new("redirect_uri", cast.Places.NativeCallback),
            new("code_verifier", verifier),
        ];

    public static KeyValuePair<string, string>[] Refresh(string token) =>
        [new("grant_type", "refresh_token"), new("client_id", DemoStage.NativeClient), new("refresh_token", token)];

    /// <summary>The native app signs in once more, from the request to its tokens.</summary>
    public static async Task<NativeTokens> SignInAsync(DemoCast cast, params (string Name, string? Value)[] changed)
    {
        var (code, verifier) = await CodeAsync(cast, changed);
        var reply = await cast.Program.PostAsync(cast.Issuer + "/token", Redemption(cast, code, verifier));
        return new(
            DemoExpectations.Need(reply, "access_token"),
            DemoExpectations.Need(reply, "refresh_token"),
            DemoExpectations.Need(reply, "id_token")
        );
    }

    public static KeyValuePair<string, string> Csrf(DemoReply page)
    {
        var match = CsrfField().Match(page.Body);
        return match.Success ? new("csrf", WebUtility.HtmlDecode(match.Groups[1].Value)) : throw new DemoException("the page has no csrf field");
    }

    public static bool IsAtServer(DemoCast cast, string location) =>
        location.StartsWith('/') || location.StartsWith(cast.Issuer + "/", StringComparison.Ordinal);

    private static string Absolute(DemoCast cast, string location) => location.StartsWith('/') ? cast.Issuer + location : location;

    [GeneratedRegex("name=\"csrf\" value=\"([^\"]+)\"")]
    private static partial Regex CsrfField();
}
