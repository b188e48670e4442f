using System.Text.Json;
using Ostiary.Cli.Errors;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Commands;

/// <summary>The checks of an API on a JWT, each with its own refusal.</summary>
internal static class TokenVerification
{
    private static readonly JwsPolicy Policy = new()
    {
        Algorithms = ["ES256", "ES384", "PS256", "RS256"],
        Types = ["at+jwt", "JWT", ""],
        AllowMissingKid = true,
    };

    public static JsonElement Verify(string token, byte[] keys, string issuer, string? audience, DateTimeOffset now)
    {
        if (!JsonWebKeySet.TryParse(keys, publicOnly: true, out var set, out var fault))
            throw Refused(Reason.IssuerUnreachable, $"The keys of {issuer} cannot be used: {fault.Sentence()}.", ExitCode.Unreachable);
        if (!Jws.TryVerify(token, set, Policy, out var jws, out fault)) // RFC 9068 §4
            throw Refused(Reason.BearerSignatureInvalid, $"The token does not verify: {fault.Sentence()}.");
        if (!JwtClaims.TryParse(jws.Payload, out var claims, out fault))
            throw Refused(Reason.BearerClaimsInvalid, $"The claims do not hold: {fault.Sentence()}.");
        if (claims.String("iss") != issuer) // RFC 9068 §4
            throw Refused(Reason.BearerIssuerWrong, $"The token was issued by '{claims.String("iss")}', not by '{issuer}'.");
        if (audience is not null && claims.Audience?.Contains(audience, StringComparer.Ordinal) != true)
            throw Refused(Reason.BearerAudienceWrong, $"The token is for '{string.Join("', '", claims.Audience ?? [])}', not for '{audience}'.");
        claims.TryNumericDate("exp", out var expires);
        if (expires is null || expires <= now)
            throw Refused(Reason.BearerExpired, expires is null ? "The token has no exp." : $"The token expired at {expires:u}.");
        claims.TryNumericDate("nbf", out var begins);
        if (begins > now)
            throw Refused(Reason.BearerNotYetValid, $"The token is valid from {begins:u} on.");
        return claims.Root.Clone();
    }

    private static CliException Refused(Reason reason, string message, int exit = ExitCode.Refused) => new(new(reason, message) { Exit = exit });
}
