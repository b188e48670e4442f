using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;
using Ostiary.Server.Keys;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Apis;

/// <summary>
/// The secrets that this server shares with one API each, for access tokens signed by HS256. They are sealed under the data key for that one API and never
/// published. Because the API could sign such a token itself, each also carries a mark that only this server can make: without it, it is nothing here.
/// </summary>
public sealed class ApiSecrets(MasterKey master)
{
    public const string Algorithm = "HS256";

    /// <summary>How long a new secret waits before tokens are signed with it, so that the API can learn it first.</summary>
    public static readonly TimeSpan UsualDelay = TimeSpan.FromMinutes(10);
    public static readonly TimeSpan LongestDelay = TimeSpan.FromDays(7);
    private const string MarkName = ",\"issuer_mark\":\"";
    private const int MarkSize = 16;
    private const int MaxSigners = 1000;
    private static readonly int TailLength = MarkName.Length + Base64Url.GetEncodedLength(MarkSize) + 2;
    private static readonly JwsPolicy Policy = new() { Algorithms = [Algorithm], Types = ["at+jwt"] };

    private readonly byte[] _markKey = master.Derive("api-token-mark");
    private readonly ConcurrentDictionary<string, JwsSigner> _signers = new(StringComparer.Ordinal);

    /// <summary>The API as it is kept: with the secrets that it had, with a first one where it needs one, without any where it does not.</summary>
    internal (ApiDocument Kept, string? Made) Complete(ApiDocument api, Api? before, DateTimeOffset now)
    {
        if (api.Api.SigningAlgorithm != Algorithm)
            return (api, null);
        if (before is { Secrets.Length: > 0 })
            return (api with { Api = api.Api with { Secrets = before.Secrets } }, null);
        var (secret, text) = Make(api.Api, now, now);
        return (api with { Api = api.Api with { Secrets = [secret] } }, text);
    }

    /// <summary>A new secret beside the present one, which signs until <paramref name="signsFrom"/>.</summary>
    internal (ImmutableArray<ApiSecret> Kept, string Made) Rotate(Api api, DateTimeOffset now, DateTimeOffset signsFrom)
    {
        var (secret, text) = Make(api, now, signsFrom);
        return ([.. api.Secrets.Where(s => s == Present(api, now)), secret], text);
    }

    public string Sign(Api api, DateTimeOffset now, ReadOnlySpan<byte> payload)
    {
        var secret =
            Present(api, now) ?? throw new StoreException(Reason.KeyUnreadable, $"The API {api.Identifier} has no secret for HS256: rotate it.");
        Span<byte> mark = stackalloc byte[SHA256.HashSizeInBytes];
        HMACSHA256.HashData(_markKey, payload, mark);
        var marked = new byte[payload.Length - 1 + TailLength];
        payload[..^1].CopyTo(marked);
        Encoding.ASCII.GetBytes($"{MarkName}{Base64Url.EncodeToString(mark[..MarkSize])}\"}}", marked.AsSpan(payload.Length - 1));
        return Signer(api, secret).Sign("at+jwt", marked);
    }

    /// <summary>The claims of a token that this server signed with a secret of the API; null for anything else, and for what the API signed itself.</summary>
    public ReadOnlyMemory<byte>? Read(string text, Func<string, Api?> apis)
    {
        if (!Jws.TryReadUnverified(text, out var header, out var unverified) || !IsShared(header))
            return null;
        if (!JwtClaims.TryParse(unverified, out var claims, out _) || claims.Audience is not [var audience])
            return null;
        if (apis(audience) is not { SigningAlgorithm: Algorithm } api)
            return null;
        foreach (var secret in api.Secrets)
            if (Jws.TryVerify(text, Signer(api, secret).Key, Policy, out var jws, out _)) // RFC 8725 §3.1
                return IsMarked(jws.Payload.Span) ? jws.Payload : null;
        return null;
    }

    private static ApiSecret? Present(Api api, DateTimeOffset now) => api.Secrets.Where(s => s.SignsFrom <= now).MaxBy(s => s.SignsFrom);

    private static bool IsShared(JsonElement header) =>
        header.TryGetProperty("alg", out var alg) && alg.ValueKind == JsonValueKind.String && alg.GetString() == Algorithm;

    private (ApiSecret Kept, string Text) Make(Api api, DateTimeOffset now, DateTimeOffset signsFrom)
    {
        var text = CredentialText.Format(CredentialText.ApiKey, Entropy.Bytes(32)); // RFC 7518 §3.2
        var closed = Base64Url.EncodeToString(master.Seal(PurposeOf(api), Encoding.ASCII.GetBytes(text)));
        return (new("as_" + Entropy.Text(6), now, signsFrom, closed), text);
    }

    private JwsSigner Signer(Api api, ApiSecret secret)
    {
        if (_signers.TryGetValue(secret.Sealed, out var known) && known.Key.Kid == secret.Id)
            return known;
        if (master.Open(PurposeOf(api), Base64Url.DecodeFromChars(secret.Sealed)) is not { } plain)
            throw new StoreException(
                Reason.KeyUnreadable,
                $"The secret {secret.Id} of the API {api.Identifier} cannot be opened with this data key."
            );
        var jwk = Encoding.ASCII.GetBytes($$"""{"kty":"oct","alg":"HS256","kid":"{{secret.Id}}","k":"{{Base64Url.EncodeToString(plain)}}"}""");
        if (!JsonWebKey.TryParse((ReadOnlyMemory<byte>)jwk, out var key, out _))
            throw new StoreException(Reason.KeyUnreadable, $"The secret {secret.Id} of the API {api.Identifier} is damaged.");
        if (_signers.Count >= MaxSigners)
            _signers.Clear();
        return _signers[secret.Sealed] = JwsSigner.Create(key, Algorithm);
    }

    private bool IsMarked(ReadOnlySpan<byte> payload)
    {
        if (payload.Length <= TailLength)
            return false;
        var tail = payload[^TailLength..];
        Span<byte> plain = new byte[payload.Length - TailLength + 1];
        payload[..^TailLength].CopyTo(plain);
        plain[^1] = (byte)'}';
        Span<byte> mark = stackalloc byte[SHA256.HashSizeInBytes];
        HMACSHA256.HashData(_markKey, plain, mark);
        var expected = Encoding.ASCII.GetBytes($"{MarkName}{Base64Url.EncodeToString(mark[..MarkSize])}\"}}");
        return FixedTime.Equals(expected, tail);
    }

    /// <summary>What was sealed for one API opens for no other.</summary>
    private static string PurposeOf(Api api) => "api-secret/" + api.Identifier;
}
