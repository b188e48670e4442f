using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Keys;

namespace Ostiary.Server.Authorize;

/// <summary>An authorization request that a client pushed: it was judged then, and is judged again when a browser brings it.</summary>
/// <param name="Id">Under which it is used up.</param>
/// <param name="Signed">It was a request object.</param>
internal sealed record PushedRequest(string Id, string ClientId, string Flow, DateTimeOffset ExpiresAt, bool Signed, FormParameters Parameters);

/// <summary>
/// Pushed requests as their own <c>request_uri</c>: sealed under the master key, so that nothing is stored, every node can open it, and a browser that carries
/// it learns nothing. RFC 9126 §7.1
/// </summary>
internal sealed class PushedRequests(MasterKey master)
{
    public const string Prefix = "urn:ietf:params:oauth:request_uri:"; // RFC 9126 §2.2
    private const string Purpose = "pushed-request";

    /// <summary>Bytes of the parameters: more would not fit the line of a request.</summary>
    private const int MaxLength = 4 * 1024;

    /// <summary>Characters that one may become: three octets, each with a percent sign.</summary>
    private const int LongestEscape = 9;

    private static readonly string[] Credentials = ["client_secret", "client_assertion", "client_assertion_type"];

    /// <summary>The parameters as text, without what authenticated the client.</summary>
    private static string TextOf(FormParameters parameters) =>
        string.Join(
            '&',
            parameters.All.Where(p => !Credentials.Contains(p.Key)).Select(p => Uri.EscapeDataString(p.Key) + "=" + Uri.EscapeDataString(p.Value))
        );

    /// <summary>A small one needs not be written to know it.</summary>
    public static bool Fits(FormParameters parameters) =>
        parameters.All.Sum(p => 2 + (LongestEscape * (p.Key.Length + p.Value.Length))) <= MaxLength || TextOf(parameters).Length <= MaxLength;

    public string Seal(PushedRequest request) =>
        JsonScratch.Object(
            (Room: this, Request: request),
            static (json, state) =>
            {
                var request = state.Request;
                json.WriteString("id", request.Id);
                json.WriteString("client", request.ClientId);
                json.WriteString("flow", request.Flow);
                json.WriteNumber("exp", request.ExpiresAt.ToUnixTimeSeconds());
                json.WriteBoolean("signed", request.Signed);
                json.WriteString("form", TextOf(request.Parameters));
            },
            static (bytes, state) => Prefix + Base64Url.EncodeToString(state.Room.Sealed(bytes))
        );

    /// <summary>What this server sealed, expired or not; false for anything else.</summary>
    public bool TryOpen(string uri, [NotNullWhen(true)] out PushedRequest? request)
    {
        request = null;
        if (!uri.StartsWith(Prefix, StringComparison.Ordinal) || !Base64UrlText.TryDecode(uri.AsSpan(Prefix.Length), out var content))
            return false;
        if (master.Open(Purpose, content) is not { } plain || !StrictJson.TryParseObject(plain, out var json))
            return false;
        using (json)
        {
            var root = json.RootElement;
            if (FormParameters.TryParse(Encoding.UTF8.GetBytes(root.GetProperty("form").GetString()!), out var parameters) is not null)
                return false;
            request = new(
                root.GetProperty("id").GetString()!,
                root.GetProperty("client").GetString()!,
                root.GetProperty("flow").GetString()!,
                DateTimeOffset.FromUnixTimeSeconds(root.GetProperty("exp").GetInt64()),
                root.GetProperty("signed").GetBoolean(),
                parameters
            );
            return true;
        }
    }

    private byte[] Sealed(ReadOnlySpan<byte> plain) => master.Seal(Purpose, plain);
}
