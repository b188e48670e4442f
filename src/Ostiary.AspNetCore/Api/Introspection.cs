using System.Text.Json;
using Ostiary.AspNetCore.Issuers;
using Ostiary.Protocol.Jose;

namespace Ostiary.AspNetCore.Api;

/// <summary>Asks the issuer about a token. Anything but a clear answer counts as none.</summary>
internal sealed class Introspection(ApiOptions options, IssuerConnection issuer, Backchannel backchannel, TimeProvider clock)
{
    private readonly BoundedCache<IntrospectionAnswer> _active = new(options.VerifiedTokens);

    public async ValueTask<IntrospectionAnswer> AskAsync(string token, CancellationToken ct)
    {
        var key = UInt256.HashOf(token);
        if (options.IntrospectionCache > TimeSpan.Zero && _active.Find(key, clock.GetUtcNow()) is { } known)
            return known;
        var state = await issuer.GetAsync(ct);
        if (state?.Metadata.IntrospectionEndpoint is not { } endpoint || options.Introspection is not { } credentials)
            return IntrospectionAnswer.Unavailable;
        KeyValuePair<string, string>[] form = [new("token", token), new("token_type_hint", "access_token")]; // RFC 7662 §2.1
        var answer = Read(await backchannel.PostAsync(endpoint, form, credentials.ClientId, credentials.Secret, ct));
        if (answer.Word == IssuerWord.Active && options.IntrospectionCache > TimeSpan.Zero)
            Remember(key, answer);
        return answer;
    }

    internal static IntrospectionAnswer Read(BackchannelAnswer answer)
    {
        if (answer.Status != 200 || !StrictJson.TryParseObject(answer.Body, out var document))
            return IntrospectionAnswer.Unavailable;
        using (document)
        {
            if (!document.RootElement.TryGetProperty("active"u8, out var active)) // RFC 7662 §2.2
                return IntrospectionAnswer.Unavailable;
            if (active.ValueKind == JsonValueKind.False)
                return new IntrospectionAnswer(IssuerWord.Inactive, null);
            if (active.ValueKind != JsonValueKind.True)
                return IntrospectionAnswer.Unavailable;
        }
        return JwtClaims.TryParse(answer.Body, out var claims, out _)
            ? new IntrospectionAnswer(IssuerWord.Active, claims)
            : IntrospectionAnswer.Unavailable;
    }

    private void Remember(UInt256 key, IntrospectionAnswer answer)
    {
        var until = clock.GetUtcNow() + options.IntrospectionCache;
        if (answer.Claims!.TryNumericDate("exp", out var expires) && expires < until)
            until = expires.Value;
        _active.Put(key, answer, until);
    }
}

/// <summary>Claims are there only where the token is active.</summary>
internal sealed record IntrospectionAnswer(IssuerWord Word, JwtClaims? Claims)
{
    public static IntrospectionAnswer Unavailable { get; } = new(IssuerWord.Unavailable, null);
}
