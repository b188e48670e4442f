using System.Globalization;
using Ostiary.Protocol;
using Ostiary.Server.Apis;
using Ostiary.Server.Claims;
using Ostiary.Server.Clients;

namespace Ostiary.Server.Authorize;

/// <summary>
/// Where an answer may be sent: a redirect URI that was compared with the registered ones. Only <see cref="AuthorizeRules"/> makes one, so an answer cannot be
/// redirected before its address is trusted.
/// </summary>
public sealed class TrustedRedirect
{
    internal TrustedRedirect(string uri, string responseMode, string? state) => (Uri, ResponseMode, State) = (uri, responseMode, state);

    public string Uri { get; }

    /// <summary><c>query</c> or <c>form_post</c>.</summary>
    public string ResponseMode { get; }
    public string? State { get; }
}

/// <summary>An authorization request of a known client, with a trusted redirect URI or from a device. RFC 6749 §4.1.1, OIDC Core §3.1.2.1</summary>
internal sealed record AuthorizationRequest : ITargetRequest
{
    private const int MaxHint = 512;

    public required Client Client { get; init; }
    public required FormParameters Parameters { get; init; }

    /// <summary>Null for a device, which comes for its answer itself.</summary>
    public required TrustedRedirect? Redirect { get; init; }
    public required ScopeSet Scope { get; init; }
    public required bool ScopeMalformed { get; init; }
    public required IReadOnlyList<string> Resources { get; init; }
    public required IReadOnlyList<string> Prompt { get; init; }
    public required ClaimsRequest? Claims { get; init; }

    /// <summary>Seconds; null where absent, -1 where it is no number.</summary>
    public required long? MaxAge { get; init; }

    /// <summary>The key that the code shall be bound to. RFC 9449 §10</summary>
    public string? DpopKey => Parameters["dpop_jkt"];
    public string? ResponseType => Parameters["response_type"];
    public string? Challenge => Parameters["code_challenge"];
    public string? ChallengeMethod => Parameters["code_challenge_method"];

    public static AuthorizationRequest Read(Client client, FormParameters parameters, TrustedRedirect? redirect)
    {
        var wellFormed = ScopeSet.TryParse(parameters["scope"], out var scope);
        return new()
        {
            Client = client,
            Parameters = parameters,
            Redirect = redirect,
            Scope = scope,
            ScopeMalformed = !wellFormed,
            Resources = parameters.Values("resource"),
            Prompt = Words(parameters["prompt"]),
            Claims = ClaimsRequest.TryParse(parameters["claims"], out var claims) ? claims : null,
            MaxAge = ReadMaxAge(parameters["max_age"]) ?? client.DefaultMaxAge,
        };
    }

    public static IReadOnlyList<string> Words(string? text) => text?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>A hint is kept with the request until it is answered, so one of absurd length counts as absent.</summary>
    public static string? Hint(string? text) => text?.Length > MaxHint ? null : text;

    private static long? ReadMaxAge(string? text)
    {
        if (text is null)
            return null;
        return text.Length <= 10 && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? seconds : -1;
    }
}
