using System.Net.Http.Headers;
using System.Text;
using Ostiary.Program.Tests.Faults;

namespace Ostiary.Program.Tests.Overload;

internal static class Requests
{
    /// <summary>The service <c>robot</c> asks for a token.</summary>
    public static HttpRequestMessage RobotToken() => Robot("/token", ("grant_type", "client_credentials"));

    public static HttpRequestMessage Robot(string path, params (string Name, string Value)[] form) =>
        new(HttpMethod.Post, path)
        {
            Headers =
            {
                Authorization = new AuthenticationHeaderValue(
                    "Basic",
                    Convert.ToBase64String(Encoding.ASCII.GetBytes("robot:" + Ground.RobotSecret))
                ),
            },
            Content = new FormUrlEncodedContent(form.Select(f => KeyValuePair.Create(f.Name, f.Value))),
        };
}
