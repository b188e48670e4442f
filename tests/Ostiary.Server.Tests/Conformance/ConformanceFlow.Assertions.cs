using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Conformance;

/// <summary>What the modules assert. Signatures are checked with the platform's RSA alone, not with the server's own code.</summary>
internal sealed partial class ConformanceFlow
{
    private static readonly string[] SecretMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    private static readonly string[] ErrorMembers = ["error", "error_description", "error_uri", "state", "iss", "session_state"];
    private static readonly string[] NotNow = ["interaction_required", "login_required", "account_selection_required", "consent_required"];

    public static void AssertKeys(JsonElement jwks)
    {
        var keys = jwks.GetProperty("keys").EnumerateArray().ToList();
        Assert.NotEmpty(keys);
        var kids = keys.Select(k => k.GetProperty("kid").GetString()!).ToList();
        Assert.Equal(kids.Count, kids.Distinct(StringComparer.Ordinal).Count());
        Assert.All(keys, key => Assert.DoesNotContain(SecretMembers, name => key.TryGetProperty(name, out _)));
        Assert.All(keys, key => Assert.NotEqual("oct", key.GetProperty("kty").GetString()));
    }

    public static string AssertCode(Answered answered)
    {
        Assert.Null(answered["error"]);
        var code = answered["code"];
        Assert.NotNull(code);
        Assert.True(code.Length * 8 >= 128, "the code is shorter than 128 bits");
        AssertEntropy(code);
        return code;
    }

    /// <summary>An error answer: nothing but what the specification names, and one of the expected codes.</summary>
    public static void AssertError(Answered answered, params string[] expected)
    {
        Assert.Contains(answered["error"], expected);
        Assert.Null(answered["code"]);
        Assert.All(answered.Parameters.Keys, name => Assert.Contains(name, ErrorMembers));
        AssertErrorText(answered["error_description"], answered["error_uri"]);
    }

    public static void AssertNotNow(Answered answered) => AssertError(answered, NotNow);

    public static void AssertTokenError(Answer answer, string error)
    {
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal("application/json", answer.Response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(error, answer.Error);
        AssertErrorText(answer["error_description"], answer["error_uri"]);
        AssertNotStored(answer);
    }

    public static void AssertTokens(Answer tokens)
    {
        Assert.Equal(HttpStatusCode.OK, tokens.Status);
        Assert.Equal("application/json", tokens.Response.Content.Headers.ContentType?.MediaType);
        Assert.Null(tokens.Error);
        Assert.Equal("Bearer", tokens["token_type"]);
        AssertTokenText(tokens["access_token"]);
        if (tokens["refresh_token"] is { } refresh)
            AssertTokenText(refresh);
        Assert.InRange(tokens.Json.GetProperty("expires_in").GetInt64(), 1, 365 * 86400);
        AssertNotStored(tokens);
    }

    public static void AssertNotStored(Answer answer) => Assert.True(answer.Response.Headers.CacheControl?.NoStore);

    /// <summary>A page for people: nobody is sent anywhere, nobody is asked to sign in, and the page names the fault.</summary>
    public static void AssertErrorPage(Visit visit, Reason reason)
    {
        Assert.Null(visit.Last.Headers.Location);
        Assert.InRange((int)visit.Last.StatusCode, 400, 499);
        Assert.Equal(0, visit.Logins);
        Assert.DoesNotContain("<form", visit.Html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("http-equiv", visit.Html, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(Refusal.CodeOf(reason), visit.Html, StringComparison.Ordinal);
    }

    public static void AssertNobodyAsked(Visit visit) => Assert.Equal((0, 0), (visit.Logins, visit.Consents));

    /// <summary>The second of two sign-ins in one browser went on with the first one's session.</summary>
    public static void AssertSameSession(SignedIn first, SignedIn second)
    {
        AssertNobodyAsked(second.Visit);
        Assert.Equal((first.Subject, first.AuthTime), (second.Subject, second.AuthTime));
    }

    public (JsonElement Header, JsonElement Claims) VerifyIdToken(string token)
    {
        var parts = token.Split('.');
        Assert.Equal(3, parts.Length);
        var header = Json(parts[0]);
        var kid = header.GetProperty("kid").GetString();
        Assert.Equal("RS256", header.GetProperty("alg").GetString());
        var key = Assert.Single(Keys.GetProperty("keys").EnumerateArray(), k => k.GetProperty("kid").GetString() == kid);
        using var rsa = RSA.Create(
            new RSAParameters { Modulus = Bytes(key.GetProperty("n").GetString()!), Exponent = Bytes(key.GetProperty("e").GetString()!) }
        );
        Assert.True(rsa.KeySize >= 2048);
        var signed = Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}");
        Assert.True(rsa.VerifyData(signed, Bytes(parts[2]), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        return (header, Json(parts[1]));
    }

    public void AssertIdToken(JsonElement claims, string clientId, string? nonce)
    {
        var now = Server.Time.GetUtcNow().ToUnixTimeSeconds();
        Assert.Equal(Server.Issuer, claims.GetProperty("iss").GetString());
        var audience = claims.GetProperty("aud");
        var audiences = audience.ValueKind == JsonValueKind.Array ? audience.EnumerateArray().ToArray() : [audience];
        Assert.Contains(clientId, audiences.Select(a => a.GetString()));
        Assert.InRange(claims.GetProperty("exp").GetInt64(), now + 1, now + (50L * 365 * 86400));
        Assert.InRange(claims.GetProperty("iat").GetInt64(), now - 300, now + 300);
        if (claims.TryGetProperty("auth_time", out var authTime))
            Assert.InRange(authTime.GetInt64(), now - (365 * 86400), now);
        if (claims.TryGetProperty("acr", out var acr))
            Assert.NotEqual("", acr.GetString());
        Assert.Equal(nonce, claims.TryGetProperty("nonce", out var sent) ? sent.GetString() : null);
        var subject = claims.GetProperty("sub").GetString()!;
        Assert.InRange(subject.Length, 1, 255);
        Assert.All(subject, c => Assert.InRange(c, ' ', '~'));
        AssertClaimTypes(claims);
    }

    public static void AssertUserInfo(Answer userInfo, JsonElement idToken)
    {
        Assert.Equal(HttpStatusCode.OK, userInfo.Status);
        Assert.Equal("application/json", userInfo.Response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(idToken.GetProperty("sub").GetString(), userInfo["sub"]);
        AssertClaimTypes(userInfo.Json);
    }

    /// <summary>OIDC Core §5.1</summary>
    private static void AssertClaimTypes(JsonElement claims)
    {
        foreach (var claim in claims.EnumerateObject())
        {
            switch (claim.Name)
            {
                case "updated_at":
                    Assert.Equal(JsonValueKind.Number, claim.Value.ValueKind);
                    break;
                case "email_verified" or "phone_number_verified":
                    Assert.True(claim.Value.ValueKind is JsonValueKind.True or JsonValueKind.False, claim.Name);
                    break;
                case "address":
                    Assert.Equal(JsonValueKind.Object, claim.Value.ValueKind);
                    Assert.All(claim.Value.EnumerateObject(), part => Assert.Equal(JsonValueKind.String, part.Value.ValueKind));
                    break;
                case "sub" or "name" or "given_name" or "family_name" or "middle_name" or "nickname" or "preferred_username":
                case "gender" or "birthdate" or "zoneinfo" or "locale" or "email" or "phone_number":
                    Assert.Equal(JsonValueKind.String, claim.Value.ValueKind);
                    break;
                case "profile" or "picture" or "website":
                    Assert.True(Uri.TryCreate(claim.Value.GetString(), UriKind.Absolute, out _), claim.Name);
                    break;
            }
        }
    }

    private static void AssertAccessTokenHash(JsonElement idToken, string accessToken)
    {
        if (idToken.TryGetProperty("at_hash", out var hash))
            Assert.Equal(Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken)).AsSpan(0, 16)), hash.GetString());
        Assert.False(idToken.TryGetProperty("c_hash", out _));
    }

    /// <summary>RFC 6749 §5.2: printable ASCII without quotation mark and backslash.</summary>
    public static void AssertErrorText(string? description, string? uri)
    {
        Assert.All(
            description ?? "",
            c => Assert.True(c is ' ' or '!' or (>= '#' and <= '[') or (>= ']' and <= '~'), $"error_description holds {(int)c:x2}")
        );
        Assert.True(uri is null || Uri.TryCreate(uri, UriKind.Absolute, out _));
    }

    /// <summary>RFC 6749 §A.12: visible characters; and enough of them, different enough.</summary>
    private static void AssertTokenText(string? token)
    {
        Assert.NotNull(token);
        Assert.All(token, c => Assert.InRange(c, ' ', '~'));
        AssertEntropy(token);
    }

    public static void AssertEntropy(string text)
    {
        var perCharacter = text.GroupBy(c => c).Select(g => (double)g.Count() / text.Length).Sum(p => -p * Math.Log2(p));
        Assert.True(perCharacter * text.Length > 96, $"only {perCharacter * text.Length:0} bits of entropy");
    }

    private static byte[] Bytes(string text) => Base64Url.DecodeFromChars(text);

    private static JsonElement Json(string part)
    {
        using var document = JsonDocument.Parse(Bytes(part));
        return document.RootElement.Clone();
    }
}
