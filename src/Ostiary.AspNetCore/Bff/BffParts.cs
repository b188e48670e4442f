using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Ostiary.AspNetCore.Issuers;
using Ostiary.AspNetCore.Observation;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Rules;

namespace Ostiary.AspNetCore.Bff;

/// <summary>What the steps of a sign-in share.</summary>
internal sealed partial class BffParts : IDisposable
{
    public BffParts(BffOptions options, TimeProvider clock, ILogger<BffParts> logger)
    {
        Options = options;
        Clock = clock;
        Logger = logger;
        Backchannel = new Backchannel(options.Backchannel);
        Issuer = new IssuerConnection(options.Issuer, Backchannel, clock, logger);
        Sessions = options.Sessions ?? new MemorySessionStore(options.MaxSessions, clock);
        Cookies = new BffCookies(options);
        Tokens = new SessionTokens(this);
    }

    public BffOptions Options { get; }
    public TimeProvider Clock { get; }
    public ILogger Logger { get; }
    public Backchannel Backchannel { get; }
    public IssuerConnection Issuer { get; }
    public IBffSessionStore Sessions { get; }
    public BffCookies Cookies { get; }
    public SessionTokens Tokens { get; }

    /// <summary>Logout tokens that were used, and sessions of the issuer that they ended, while that matters.</summary>
    public RecentIds LogoutTokens { get; } = new();
    public RecentIds EndedSessions { get; } = new();

    /// <summary>Sends the browser to the issuer with a request.</summary>
    public void SendAway(HttpContext http, string hop, string endpoint, IReadOnlyList<KeyValuePair<string, string>> request)
    {
        Tell(
            new BffHop
            {
                Name = hop,
                Method = "GET",
                Url = endpoint,
                Sent = Show(request),
                Status = 303,
            }
        );
        BffPage.Redirect(http, QueryHelpers.AddQueryString(endpoint, request.Select(p => KeyValuePair.Create(p.Key, (string?)p.Value))));
    }

    public async ValueTask<TokenAnswer> AskForTokensAsync(string hop, List<KeyValuePair<string, string>> form, CancellationToken ct)
    {
        if (Options.Resource is { } resource)
            form.Add(new("resource", resource)); // RFC 8707 §2.2
        var endpoint = (await Issuer.GetAsync(ct))?.Metadata.TokenEndpoint;
        var answer = endpoint is null
            ? new TokenAnswer { Status = 0 }
            : TokenAnswer.Read(await Backchannel.PostAsync(endpoint, form, Options.ClientId, Options.ClientSecret, ct));
        Tell(
            new BffHop
            {
                Name = hop,
                Method = "POST",
                Url = endpoint ?? Options.Issuer,
                Sent = Show(form),
                Answer = Show(answer.Parameters),
                Status = answer.Status,
            }
        );
        return answer;
    }

    public async ValueTask<(Verdict Verdict, JwtClaims? Claims)> CheckIdTokenAsync(
        string? idToken,
        IdTokenExpectation expectation,
        CancellationToken ct
    )
    {
        var policy = new JwsPolicy { Algorithms = Options.IdTokenAlgorithms, Types = ["JWT", ""] };
        var (state, jws, _) = await Issuer.VerifyAsync(idToken ?? "", policy, ct);
        JwtClaims? claims = null;
        if (jws is not null)
            _ = JwtClaims.TryParse(jws.Payload, out claims, out _);
        var verdict = IdTokenRules.All.Judge(expectation, new IdTokenFacts(state is not null, jws?.Algorithm, claims), Clock.GetUtcNow());
        Tell(
            new BffHop
            {
                Name = "id token",
                Method = "",
                Url = "",
                Answer = claims is null ? [] : Show(claims.Root.EnumerateObject().Select(p => KeyValuePair.Create(p.Name, p.Value.ToString()))),
                Rules = CheckedRule.Of(IdTokenRules.All, verdict),
                Verdict = verdict,
            }
        );
        return (verdict, claims);
    }

    public IReadOnlyList<ShownValue> Show(IEnumerable<KeyValuePair<string, string>> values) => Shown.Of(values, Options.Tag);

    public void Tell(BffHop hop) => Options.OnHop?.Invoke(hop);

    public void Dispose() => Backchannel.Dispose();

    [LoggerMessage(20, LogLevel.Information, "A sign-in was refused: {Code} {Name}.")]
    public static partial void LogRefused(ILogger logger, string code, string name);

    [LoggerMessage(21, LogLevel.Information, "Somebody signed in.")]
    public static partial void LogSignedIn(ILogger logger);

    [LoggerMessage(24, LogLevel.Information, "The issuer ended {Count} sessions.")]
    public static partial void LogEndedByIssuer(ILogger logger, int count);

    [LoggerMessage(25, LogLevel.Warning, "A logout token was refused: {Code} {Name}.")]
    public static partial void LogLogoutRefused(ILogger logger, string code, string name);

    [LoggerMessage(22, LogLevel.Information, "The issuer refused to refresh a session ({Error}); it has ended.")]
    public static partial void LogEnded(ILogger logger, string error);

    [LoggerMessage(23, LogLevel.Warning, "The issuer could not refresh a session (status {Status}, {Error}); it is kept.")]
    public static partial void LogKept(ILogger logger, int status, string error);
}
