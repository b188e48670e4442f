using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;
using Ostiary.Server.Http;
using Ostiary.Server.Senders;

namespace Ostiary.Server.Token;

/// <summary>A token request whose client is authenticated: before that no grant can run.</summary>
public sealed record AuthenticatedTokenRequest
{
    public required Client Client { get; init; }

    /// <summary>The keys that the client has shown to hold.</summary>
    public required ShownKeys Shown { get; init; }
    public required FormParameters Form { get; init; }
    public required Snapshot Snapshot { get; init; }
    public required string Flow { get; init; }
    public required string? Network { get; init; }
    public required DateTimeOffset Now { get; init; }
}

/// <summary>What a grant answers: tokens to respond with, or a refusal; and the record of its decision.</summary>
public sealed record TokenOutcome(DecisionRecord Record, TokenResponse? Response, string? Parameter = null);

/// <summary>One grant type. Parse, load, decide, commit; the endpoint responds.</summary>
public interface ITokenGrant
{
    string GrantType { get; }

    ValueTask<TokenOutcome> ExchangeAsync(AuthenticatedTokenRequest request, CancellationToken ct);
}

/// <summary>POST /token. RFC 6749 §3.2</summary>
public sealed class TokenEndpoint(Issuer issuer, ClientGate gate, Proofs proofs, IReadOnlyList<ITokenGrant> grants)
{
    private sealed record HttpFacts(Reason? Malformed, bool HasQuery, bool Supported) : IFormFacts;

    // csharpier-ignore
    private static readonly RuleList<FormParameters, HttpFacts> Rules = new("token.request")
    {
        FormRules.All,
        { "grant_type is present",                      Reason.GrantTypeMissing,       "RFC 6749 §5.2",    (r, f, now) => r.Has("grant_type") },
        { "it is not the password grant",               Reason.PasswordGrantRefused,   "RFC 9700 §2.4",    (r, f, now) => r["grant_type"] != "password" },
        { "grant_type is supported",                    Reason.GrantTypeUnsupported,   "RFC 6749 §5.2",    (r, f, now) => f.Supported },
    };

    internal static IRuleReference Reference => Rules;

    private readonly FrozenDictionary<string, ITokenGrant> _grants = grants.ToFrozenDictionary(g => g.GrantType, StringComparer.Ordinal);

    public async Task HandleAsync(HttpContext http)
    {
        var now = issuer.Now;
        var snapshot = issuer.Configuration.Current;
        var (form, malformed) = await RequestReader.ReadFormAsync(http);
        var grant = form["grant_type"] is { } type ? _grants.GetValueOrDefault(type) : null;
        var verdict = Rules.Judge(form, new(malformed, http.Request.QueryString.HasValue, grant is not null), now);
        if (!verdict.Allowed)
        {
            await gate.RefuseAsync(http, verdict, issuer.MentionOf(form["client_id"], snapshot), snapshot, now, form.Repeated);
            return;
        }
        if (await gate.AdmitAsync(http, form, snapshot, now) is not { } authenticated)
            return;
        var (proof, key) = await proofs.JudgeAsync(http, "/token", snapshot, now); // RFC 9449 §5
        if (!proof.Allowed)
        {
            await gate.RefuseAsync(http, proof, authenticated.Client.Id, snapshot, now);
            return;
        }
        var request = new AuthenticatedTokenRequest
        {
            Client = authenticated.Client,
            Shown = new(key, PresentedCertificate.Of(http).Key), // RFC 8705 §3
            Form = form,
            Snapshot = snapshot,
            Flow = Flow.Of(http),
            Network = Network.Of(http),
            Now = now,
        };
        issuer.Log.Reserve(); // A code that is spent but not answered for would be lost.
        var outcome = await grant!.ExchangeAsync(request, http.RequestAborted);
        await RespondAsync(http, outcome);
    }

    private Task RespondAsync(HttpContext http, TokenOutcome outcome)
    {
        Flow.Set(http, outcome.Record.Flow);
        if (outcome.Response is not { } response)
            return gate.RefuseAsync(http, outcome.Record, outcome.Parameter);
        issuer.Log.Record(outcome.Record);
        return response.WriteAsync(http);
    }
}
