using System.Text;
using Ostiary.Bench.Load;
using Ostiary.Protocol;
using Ostiary.Protocol.Dpop;
using Ostiary.Protocol.Jose;

namespace Ostiary.Bench.Subjects;

/// <summary>Always the same bytes; content with its status where the body has what it must have.</summary>
internal sealed class SameCaller(byte[] request, byte[] mustHold, int atLeast, int status = 200) : ICaller
{
    public ReadOnlySpan<byte> Request => request;

    public Step Take(in Answer answer) =>
        answer.Status == status && answer.Body.Length >= atLeast && answer.Body.IndexOf(mustHold) >= 0 ? Step.Done : Step.Refused;
}

/// <summary>Several callers that take turns.</summary>
internal sealed class TurnsCaller(IReadOnlyList<ICaller> callers) : ICaller
{
    private int _turn;

    public ReadOnlySpan<byte> Request => callers[_turn].Request;

    public Step Take(in Answer answer)
    {
        var step = callers[_turn].Take(answer);
        _turn = (_turn + 1) % callers.Count;
        return step;
    }
}

/// <summary>
/// A client that has a key and sends a new DPoP proof with each request. A proof lives for a minute and serves once, so it is signed here, when it is sent: the
/// signature is part of the generator's load, never of the server's.
/// </summary>
internal sealed class ProvingCaller(string target, Func<string, byte[]> requestWith) : ICaller
{
    private readonly JwsSigner _signer = JwsSigner.CreateWithEmbeddedKey(JsonWebKey.Generate("ES256", "caller"), "ES256");

    public ReadOnlySpan<byte> Request => requestWith(Proof());

    public Step Take(in Answer answer) =>
        answer.Status == 200 && answer.Body.StartsWith("{\"access_token\":\"eyJ"u8) && answer.Body.Length >= 400 ? Step.Done : Step.Refused;

    private string Proof() =>
        _signer.Sign(
            DpopProof.Type,
            Encoding.ASCII.GetBytes(
                $"{{\"jti\":\"{Entropy.Text(16)}\",\"htm\":\"POST\",\"htu\":\"{target}\",\"iat\":{TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()}}}"
            )
        );
}

/// <summary>A public client that rotates its refresh token with every call.</summary>
internal sealed class RotatingCaller(string path, string client, string token) : ICaller
{
    private byte[] _request = RequestOf(path, client, Encoding.ASCII.GetBytes(token));
    private byte[] _token = Encoding.ASCII.GetBytes(token);

    public ReadOnlySpan<byte> Request => _request;

    public Step Take(in Answer answer)
    {
        var next = Answers.Member(answer.Body, "\"refresh_token\":\""u8);
        if (
            answer.Status != 200
            || next.Length < 20
            || next.SequenceEqual(_token)
            || Answers.Member(answer.Body, "\"access_token\":\""u8).Length < 20
        )
            return Step.Refused;
        _token = next.ToArray();
        _request = RequestOf(path, client, _token);
        return Step.Done;
    }

    private static byte[] RequestOf(string path, string client, ReadOnlySpan<byte> token) =>
        Http.Post(path, $"grant_type=refresh_token&client_id={client}&refresh_token={Encoding.ASCII.GetString(token)}");
}

/// <summary>A signed-in browser that is sent to authorize and comes back with a code, and the client that redeems it.</summary>
internal sealed class CodeCaller(byte[] authorize, string tokenPath, string client, string verifier, string redirect) : ICaller
{
    private byte[]? _redemption;

    public ReadOnlySpan<byte> Request => _redemption ?? authorize;

    public Step Take(in Answer answer) => _redemption is null ? Authorized(answer) : Redeemed(answer);

    private Step Authorized(in Answer answer)
    {
        var at = answer.Head.IndexOf("code="u8);
        if (answer.Status is not (302 or 303) || at < 0)
            return Step.Refused;
        var code = answer.Head[(at + 5)..];
        code = code[..code.IndexOfAny("&\r"u8)];
        var text = Uri.UnescapeDataString(Encoding.ASCII.GetString(code));
        _redemption = Http.Post(
            tokenPath,
            Http.Form(
                ("grant_type", "authorization_code"),
                ("client_id", client),
                ("code", text),
                ("code_verifier", verifier),
                ("redirect_uri", redirect)
            )
        );
        return Step.More;
    }

    private Step Redeemed(in Answer answer)
    {
        _redemption = null;
        var whole =
            Answers.Member(answer.Body, "\"access_token\":\""u8).Length > 20 && Answers.Member(answer.Body, "\"id_token\":\""u8).StartsWith("eyJ"u8);
        return answer.Status == 200 && whole ? Step.Done : Step.Refused;
    }
}

/// <summary>Two requests that make one operation.</summary>
internal sealed class TwoCaller(ICaller first, ICaller second) : ICaller
{
    private bool _isSecond;

    private ICaller Next => _isSecond ? second : first;

    public ReadOnlySpan<byte> Request => Next.Request;

    public Step Take(in Answer answer)
    {
        var step = Next.Take(answer);
        _isSecond = !_isSecond && step == Step.Done;
        return _isSecond ? Step.More : step;
    }
}

internal static class Answers
{
    /// <summary>The text behind a member's beginning, up to its quotation mark; empty where it is not there.</summary>
    public static ReadOnlySpan<byte> Member(ReadOnlySpan<byte> body, ReadOnlySpan<byte> before)
    {
        var at = body.IndexOf(before);
        if (at < 0)
            return default;
        var text = body[(at + before.Length)..];
        var end = text.IndexOf((byte)'"');
        return end < 0 ? default : text[..end];
    }
}
