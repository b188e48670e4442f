using System.Text;

namespace Ostiary.Bench.Subjects;

/// <summary>Requests as prepared bytes.</summary>
internal static class Http
{
    public static byte[] Get(string path, string headers = "") => Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n");

    public static byte[] Post(string path, string body, string headers = "", string type = "application/x-www-form-urlencoded") =>
        Encoding.ASCII.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}Content-Type: {type}\r\nContent-Length: {body.Length}\r\n\r\n{body}"
        );

    public static string Basic(string user, string secret) =>
        $"Authorization: Basic {Convert.ToBase64String(Encoding.ASCII.GetBytes($"{user}:{secret}"))}\r\n";

    public static string Form(params ReadOnlySpan<(string Name, string Value)> form)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in form)
            text.Append(text.Length > 0 ? "&" : "").Append(name).Append('=').Append(Uri.EscapeDataString(value));
        return text.ToString();
    }
}
