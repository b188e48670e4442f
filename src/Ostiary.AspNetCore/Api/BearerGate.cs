using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Ostiary.AspNetCore.Issuers;
using Ostiary.AspNetCore.Observation;
using Ostiary.Protocol;
using Ostiary.Protocol.Dpop;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;

namespace Ostiary.AspNetCore.Api;

/// <summary>Decides whether a call goes on: reads it, loads the facts, judges, and answers where it is refused.</summary>
internal sealed partial class BearerGate : IDisposable
{
    private readonly ApiOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Backchannel _backchannel;
    private readonly IssuerConnection _issuer;
    private readonly Introspection _introspection;
    private readonly JwsPolicy _policy;
    private readonly SharedKeys? _shared;
    private readonly ApiProofs _proofs;
    private readonly ClientCertificate _certificates;
    private readonly BoundedCache<VerifiedToken> _verified;

    public BearerGate(ApiOptions options, TimeProvider clock, ILogger<BearerGate> logger)
    {
        _options = options;
        _clock = clock;
        _logger = logger;
        _backchannel = new Backchannel(options.Backchannel);
        _issuer = new IssuerConnection(options.Issuer, _backchannel, clock, logger);
        _introspection = new Introspection(options, _issuer, _backchannel, clock);
        _policy = new JwsPolicy { Algorithms = options.Algorithms, Types = ["at+jwt"] }; // RFC 9068 §4
        _shared = SharedKeys.Of(options.SharedSecrets, _policy);
        _proofs = new ApiProofs(options);
        _certificates = new ClientCertificate(options.CertificateProxies);
        _verified = new BoundedCache<VerifiedToken>(options.VerifiedTokens);
        Metadata = new ResourceMetadata(options);
    }

    public ResourceMetadata Metadata { get; }

    /// <summary>True where the call may go on; otherwise it was answered.</summary>
    public async ValueTask<bool> PassesAsync(HttpContext http, ScopeSet required)
    {
        if (http.Features.Get<AccessToken>() is { } checkedBefore && required.IsWithin(checkedBefore.Scopes))
            return true;
        var request = await BearerRequest.ReadAsync(http, required, _certificates);
        var (facts, verdict) = await DecideAsync(request, http.RequestAborted);
        if (request.Proof is not null && _proofs.Nonce(_clock.GetUtcNow()) is { } nonce)
            http.Response.Headers[DpopProof.NonceHeader] = nonce; // RFC 9449 §8.2
        if (verdict.Allowed && request.Proof is { } proof && !await _proofs.TryUseAsync(proof, _clock.GetUtcNow(), http.RequestAborted))
            verdict = verdict with { Refused = Reason.ProofReplayed }; // RFC 9449 §11.1
        if (verdict.Refused is { } reason)
        {
            var challenge = await BearerRefusal.WriteAsync(http, _options, reason, required, request.AsDpop, Metadata.Address);
            LogRefused(_logger, Refusal.CodeOf(reason), Refusal.NameOf(reason));
            Tell(http, request, facts, verdict, http.Response.StatusCode, challenge);
            return false;
        }
        var token = new AccessToken(facts);
        http.Features.Set(token);
        http.User = PrincipalOf(token);
        Tell(http, request, facts, verdict, 0, null);
        return true;
    }

    public void Dispose() => _backchannel.Dispose();

    private async ValueTask<(BearerFacts Facts, Verdict Verdict)> DecideAsync(BearerRequest request, CancellationToken ct)
    {
        var facts = await LoadAsync(request, ct);
        var verdict = BearerRules.All.Judge(request, facts, _clock.GetUtcNow());
        if (!facts.AsksIssuer || verdict.Passed < BearerRules.All.Count - 2)
            return (facts, verdict);
        // Everything that can be known here holds; only now is the issuer bothered.
        facts = facts with
        {
            Word = (await _introspection.AskAsync(request.Token!, ct)).Word,
        };
        return (facts, BearerRules.All.Judge(request, facts, _clock.GetUtcNow()));
    }

    private async ValueTask<BearerFacts> LoadAsync(BearerRequest request, CancellationToken ct)
    {
        var facts = new BearerFacts
        {
            Issuer = _options.Issuer,
            Audience = _options.Audience,
            RequiresDpop = _options.RequireDpop,
            RequiresCertificate = _options.RequireCertificate,
            Expected = _proofs.Expect(request, _clock.GetUtcNow()),
        };
        if (request.AuthorizationFields != 1 || request.Token is not { } token || !BearerRequest.IsToken(token) || token.Length > _policy.MaxLength)
            return facts;
        if (_options.Introspection is not null && !LooksLikeJwt(token))
        {
            var answer = await _introspection.AskAsync(token, ct);
            return facts with { IsOpaque = true, Word = answer.Word, Claims = answer.Claims };
        }
        facts = facts with { AsksIssuer = _options.CheckRevocation };
        var keys = _shared?.Set ?? (await _issuer.GetAsync(ct))?.Keys;
        var key = UInt256.HashOf(token);
        if (keys is not null && _verified.Find(key, _clock.GetUtcNow()) is { } known && ReferenceEquals(known.Keys, keys))
            return facts with { HasKeys = true, Fault = JoseFault.None, Claims = known.Claims };
        (keys, var jws, var fault) = await VerifyAsync(token, ct);
        if (jws is null)
            return facts with { HasKeys = keys is not null, Fault = fault };
        if (!JwtClaims.TryParse(jws.Payload, out var claims, out fault))
            return facts with { HasKeys = true, Fault = fault };
        facts = facts with { HasKeys = true, Fault = JoseFault.None, Claims = claims };
        if (facts.Expires is { } expires)
            _verified.Put(key, new VerifiedToken(keys!, claims), expires);
        return facts;
    }

    private async ValueTask<(JsonWebKeySet? Keys, VerifiedJws? Jws, JoseFault Fault)> VerifyAsync(string token, CancellationToken ct)
    {
        if (_shared is not null)
        {
            var (shared, why) = _shared.Verify(token);
            return (_shared.Set, shared, why);
        }
        var (used, jws, fault) = await _issuer.VerifyAsync(token, _policy, ct);
        return (used?.Keys, jws, fault);
    }

    private static bool LooksLikeJwt(string token) => token.StartsWith("ey", StringComparison.Ordinal) && token.AsSpan().Count('.') == 2;

    private static ClaimsPrincipal PrincipalOf(AccessToken token)
    {
        var identity = new ClaimsIdentity("Bearer", nameType: "sub", roleType: "role");
        if (token.Subject is not null)
            identity.AddClaim(new Claim("sub", token.Subject));
        if (token.ClientId is not null)
            identity.AddClaim(new Claim("client_id", token.ClientId));
        foreach (var scope in token.Scopes.Tokens)
            identity.AddClaim(new Claim("scope", scope));
        return new ClaimsPrincipal(identity);
    }

    private void Tell(HttpContext http, BearerRequest request, BearerFacts facts, Verdict verdict, int status, string? challenge)
    {
        if (_options.OnChecked is not { } observe)
            return;
        observe(
            new ApiCheck
            {
                Method = http.Request.Method,
                Path = http.Request.Path.Value ?? "",
                RequiredScopes = request.Required.Tokens,
                Verdict = verdict,
                Rules = CheckedRule.Of(BearerRules.All, verdict),
                Token = Show(request, facts),
                Status = status,
                Challenge = challenge,
            }
        );
    }

    private List<ShownValue> Show(BearerRequest request, BearerFacts facts)
    {
        var shown = new List<ShownValue>();
        if (!string.IsNullOrEmpty(request.Token))
            shown.Add(new("token", _options.Tag(request.Token)));
        if (facts.Claims is null)
            return shown;
        foreach (var name in (ReadOnlySpan<string>)["iss", "sub", "client_id", "aud", "scope", "iat", "exp"])
        {
            if (facts.Claims.Root.TryGetProperty(name, out var member))
                shown.Add(new(name, member.ToString()));
        }
        return shown;
    }

    [LoggerMessage(10, LogLevel.Information, "A call was refused: {Code} {Name}.")]
    private static partial void LogRefused(ILogger logger, string code, string name);

    /// <summary>Facts that stay facts as long as the issuer's keys stay the same. Decisions are not kept.</summary>
    private sealed record VerifiedToken(JsonWebKeySet Keys, JwtClaims Claims);
}
