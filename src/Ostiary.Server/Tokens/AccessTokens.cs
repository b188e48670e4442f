using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Apis;
using Ostiary.Server.Configuration;
using Ostiary.Server.Keys;

namespace Ostiary.Server.Tokens;

/// <summary>Makes and reads access tokens: JWT (RFC 9068) or opaque (sealed under the master key). Neither leaves a row.</summary>
public sealed class AccessTokens(string issuer, KeyRing keys, MasterKey master, Func<string, Api?> apis)
{
    public const string JwtType = "at+jwt"; // RFC 9068 §2.1
    private const string SealPurpose = "access-token";
    private static readonly JwsPolicy Policy = new() { Algorithms = SigningAlgorithms.Public, Types = [JwtType] };
    private readonly ReadTokens _read = new();
    private readonly ApiSecrets _shared = new(master);

    public IssuedAccessToken Issue(AccessToken token, TokenFormat format, string algorithm)
    {
        var text = JsonScratch.Object(
            (Room: this, Token: token, Format: format, Algorithm: algorithm),
            static (json, state) => state.Room.Write(json, state.Token),
            static (payload, state) => state.Room.Seal(payload, state.Token, state.Format, state.Algorithm)
        );
        return new(token, text);
    }

    /// <summary>The content of a token that this server issued, expired or not; null for anything else.</summary>
    public AccessToken? Read(string text)
    {
        var verification = keys.Verification;
        if (_read.TryFind(text, verification, out var known))
            return known;
        if (ReadAnew(text, verification) is not { } token)
            return _shared.Read(text, apis) is { } payload ? Read(payload) : null; // Not remembered: an API's secret may be taken away.
        _read.Add(text, verification, token);
        return token;
    }

    private AccessToken? ReadAnew(string text, JsonWebKeySet verification)
    {
        if (text.StartsWith(CredentialText.AccessToken, StringComparison.Ordinal))
        {
            return CredentialText.TryParse(CredentialText.AccessToken, text, out var content) && master.Open(SealPurpose, content) is { } plain
                ? Read((ReadOnlyMemory<byte>)plain)
                : null;
        }
        return Jws.TryVerify(text, verification, Policy, out var jws, out _) ? Read(jws.Payload) : null;
    }

    private string Seal(ReadOnlySpan<byte> payload, AccessToken token, TokenFormat format, string algorithm) =>
        format == TokenFormat.Opaque ? CredentialText.Format(CredentialText.AccessToken, master.Seal(SealPurpose, payload))
        : algorithm == ApiSecrets.Algorithm && apis(token.Audience) is { } api ? _shared.Sign(api, token.IssuedAt, payload)
        : keys.Signer(algorithm).Sign(JwtType, payload);

    private void Write(Utf8JsonWriter json, AccessToken token)
    {
        json.WriteString("iss", issuer);
        json.WriteString("sub", token.Subject);
        json.WriteString("aud", token.Audience);
        json.WriteString("client_id", token.ClientId);
        json.WriteString("jti", token.Id);
        json.WriteNumber("iat", token.IssuedAt.ToUnixTimeSeconds());
        json.WriteNumber("exp", token.ExpiresAt.ToUnixTimeSeconds());
        if (!token.Scope.IsEmpty)
            json.WriteString("scope", token.Scope.ToString()); // RFC 9068 §2.2.3
        if (token.AuthenticatedAt is { } at)
            json.WriteNumber("auth_time", at.ToUnixTimeSeconds()); // RFC 9068 §2.2.1
        if (token.Acr is not null)
            json.WriteString("acr", token.Acr);
        if (token.SessionId is not null)
            json.WriteString("sid", token.SessionId);
        if (token.GrantId is not null)
            json.WriteString("grant_id", token.GrantId);
        token.Sender?.WriteTo(json); // RFC 9449 §6.1
        ActorChain.Write(json, token.Actors);
        ActorChain.WritePermitted(json, token.MayAct);
        if (token.Parents.Count > 0)
        {
            json.WriteStartArray("parents");
            foreach (var parent in token.Parents)
                json.WriteStringValue(parent);
            json.WriteEndArray();
        }
    }

    private AccessToken? Read(ReadOnlyMemory<byte> payload)
    {
        if (!JwtClaims.TryParse(payload, out var claims, out _) || claims.String("iss") != issuer)
            return null;
        if (claims.Audience is not [var audience] || !claims.TryNumericDate("exp", out var expires) || !claims.TryNumericDate("iat", out var issued))
            return null;
        if (!claims.TryNumericDate("auth_time", out var authenticated) || !ScopeSet.TryParse(claims.String("scope"), out var scope))
            return null;
        if (!SenderKey.TryRead(claims.Root, out var sender))
            return null;
        if (claims.String("jti") is not { } id || claims.String("sub") is not { } subject || claims.String("client_id") is not { } client)
            return null;
        return new AccessToken
        {
            Id = id,
            ClientId = client,
            Subject = subject,
            Audience = audience,
            Scope = scope,
            IssuedAt = issued.GetValueOrDefault(),
            ExpiresAt = expires.GetValueOrDefault(),
            GrantId = claims.String("grant_id"),
            Sender = sender,
            SessionId = claims.String("sid"),
            AuthenticatedAt = authenticated,
            Acr = claims.String("acr"),
            Actors = ActorChain.Read(claims.Root),
            MayAct = ActorChain.ReadPermitted(claims.Root),
            Parents = claims.Root.TryGetProperty("parents", out var parents) ? [.. parents.EnumerateArray().Select(id => id.GetString()!)] : [],
        };
    }
}
