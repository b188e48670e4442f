using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Keys;
using Ostiary.Server.Users;

namespace Ostiary.Server.Tokens;

/// <summary>What an ID token says. OIDC Core §2</summary>
public sealed record IdToken
{
    public required string Subject { get; init; }
    public required DateTimeOffset IssuedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public required DateTimeOffset AuthenticatedAt { get; init; }
    public string? Nonce { get; init; }
    public string? Acr { get; init; }
    public IReadOnlyList<string> Amr { get; init; } = [];
    public string? SessionId { get; init; }

    /// <summary>The grant whose end makes it worthless as a subject token.</summary>
    public string? GrantId { get; init; }

    /// <summary>The access token issued beside it, for <c>at_hash</c>.</summary>
    public string? AccessToken { get; init; }

    /// <summary>User claims asked for by the <c>claims</c> parameter. OIDC Core §5.5</summary>
    public Action<Utf8JsonWriter>? UserClaims { get; init; }
}

/// <summary>Makes ID tokens, and reads them back as hints.</summary>
public sealed class IdTokens(string issuer, KeyRing keys, ClientSecrets secrets)
{
    private static readonly JwsPolicy HintPolicy = new() { Algorithms = SigningAlgorithms.Public, Types = ["JWT"] };

    public string Issue(Client client, IdToken token)
    {
        var algorithm = client.IdTokenAlgorithm;
        var payload = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(payload))
            Write(json, client, token, algorithm);
        if (algorithm != "HS256")
            return keys.Signer(algorithm).Sign("JWT", payload.WrittenSpan);
        using var signer = secrets.HmacSigner(client); // OIDC Core §10.1
        return signer.Sign("JWT", payload.WrittenSpan);
    }

    /// <summary>Userinfo as a JWT. Its type keeps it from being taken for an ID token. OIDC Core §5.3.2</summary>
    public byte[] SignUserInfo(Client client, Action<Utf8JsonWriter> claims)
    {
        var payload = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(payload))
        {
            json.WriteStartObject();
            json.WriteString("iss", issuer);
            json.WriteString("aud", client.Id);
            claims(json);
            json.WriteEndObject();
        }
        return Encoding.ASCII.GetBytes(keys.Signer(client.UserInfoAlgorithm!).Sign("userinfo+jwt", payload.WrittenSpan));
    }

    /// <summary>
    /// The claims of an ID token that this server issued, expired or not (RP-Initiated Logout §4); null for anything else. A token signed by HMAC is read with
    /// the secret of <paramref name="client"/>, which its <c>aud</c> must name.
    /// </summary>
    public JwtClaims? ReadHint(string text, Func<string, Client?> client)
    {
        var verified = Jws.TryVerify(text, keys.Verification, HintPolicy, out var jws, out _) || TryVerifyHmac(text, client, out jws);
        if (!verified || !JwtClaims.TryParse(jws!.Payload, out var claims, out _))
            return null;
        return claims.String("iss") == issuer && claims.String("sub") is not null && claims.Audience is [_] ? claims : null;
    }

    private bool TryVerifyHmac(string text, Func<string, Client?> client, out VerifiedJws? jws)
    {
        jws = null;
        if (!Jws.TryReadUnverified(text, out _, out var payload) || !JwtClaims.TryParse(payload, out var claims, out _))
            return false;
        if (claims.Audience is not [var audience] || client(audience) is not { IdTokenAlgorithm: "HS256" } owner)
            return false;
        var policy = HintPolicy with { Algorithms = ["HS256"] };
        foreach (var key in secrets.HmacKeys(owner))
        {
            if (Jws.TryVerify(text, key, policy, out jws, out _))
                return true;
        }
        return false;
    }

    private void Write(Utf8JsonWriter json, Client client, IdToken token, string algorithm)
    {
        json.WriteStartObject();
        json.WriteString("iss", issuer); // OIDC Core §2
        json.WriteString("sub", token.Subject);
        json.WriteString("aud", client.Id);
        json.WriteNumber("exp", token.ExpiresAt.ToUnixTimeSeconds());
        json.WriteNumber("iat", token.IssuedAt.ToUnixTimeSeconds());
        json.WriteNumber("auth_time", token.AuthenticatedAt.ToUnixTimeSeconds());
        if (token.Nonce is not null)
            json.WriteString("nonce", token.Nonce); // OIDC Core §3.1.2.1
        if (token.Acr is not null)
            json.WriteString("acr", token.Acr);
        if (token.Amr.Count > 0)
        {
            json.WriteStartArray("amr"); // RFC 8176 §2
            foreach (var method in token.Amr)
                json.WriteStringValue(method);
            json.WriteEndArray();
        }
        if (token.SessionId is not null)
            json.WriteString("sid", token.SessionId);
        if (token.GrantId is not null)
            json.WriteString("grant_id", token.GrantId);
        if (token.AccessToken is not null)
            json.WriteString("at_hash", HalfHash(token.AccessToken, algorithm));
        token.UserClaims?.Invoke(json);
        json.WriteEndObject();
    }

    /// <summary>The left half of the hash that the signing algorithm uses. OIDC Core §3.1.3.6</summary>
    internal static string HalfHash(string token, string algorithm)
    {
        var bytes = Encoding.ASCII.GetBytes(token);
        var hash = algorithm[^3..] switch
        {
            "384" => SHA384.HashData(bytes),
            "512" => SHA512.HashData(bytes),
            _ => SHA256.HashData(bytes),
        };
        return Base64Url.EncodeToString(hash.AsSpan(0, hash.Length / 2));
    }
}
