using System.Text;

namespace Ostiary.Bench;

/// <summary>A service that asks for a token, always with the same bytes.</summary>
internal sealed class ServiceCaller : ICaller
{
    private static readonly byte[] Bytes = Http.Post(
        "/token",
        "grant_type=client_credentials",
        $"Authorization: Basic {Convert.ToBase64String(Encoding.ASCII.GetBytes($"robot:{Server.RobotSecret}"))}\r\n"
    );

    public ReadOnlyMemory<byte> Request => Bytes;

    public bool Took(ReadOnlySpan<byte> body) =>
        body.Length > 300 && body.StartsWith("{\"access_token\":\"ey"u8) && body.EndsWith("\"scope\":\"read\"}"u8);
}

/// <summary>A public client that rotates its refresh token with every call.</summary>
internal sealed class RotatingCaller(string refreshToken) : ICaller
{
    private byte[] _request = RequestOf(refreshToken);
    private string _token = refreshToken;

    public ReadOnlyMemory<byte> Request => _request;

    public bool Took(ReadOnlySpan<byte> body)
    {
        var before = "\"refresh_token\":\""u8;
        var at = body.IndexOf(before);
        if (at < 0 || !body.StartsWith("{\"access_token\":\"ey"u8))
            return false;
        var text = body[(at + before.Length)..];
        var next = Encoding.ASCII.GetString(text[..text.IndexOf((byte)'"')]);
        if (next == _token)
            return false;
        _token = next;
        _request = RequestOf(next);
        return true;
    }

    private static byte[] RequestOf(string token) => Http.Post("/token", $"grant_type=refresh_token&client_id=app&refresh_token={token}", "");
}

internal static class Http
{
    public static byte[] Post(string path, string body, string headers) =>
        Encoding.ASCII.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {body.Length}\r\n\r\n{body}"
        );
}
