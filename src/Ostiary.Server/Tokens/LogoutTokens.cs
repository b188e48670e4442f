using System.Buffers;
using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Server.Clients;
using Ostiary.Server.Keys;

namespace Ostiary.Server.Tokens;

/// <summary>Makes logout tokens. They cannot be taken for ID tokens: the type differs, and a nonce is never in them. Back-Channel Logout §2.4</summary>
internal sealed class LogoutTokens(string issuer, KeyRing keys, ClientSecrets secrets)
{
    public const string Type = "logout+jwt";

    /// <summary>Clocks differ a little, and a token is delivered at once or made anew.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(2);
    private static readonly JsonEncodedText Event = JsonEncodedText.Encode("http://schemas.openid.net/event/backchannel-logout");

    /// <summary>Signed as the client's ID tokens are, so that it knows how to check it. Back-Channel Logout §2.6</summary>
    public (string Text, string Id) Issue(Client client, string subject, string sessionId, DateTimeOffset now)
    {
        var id = Entropy.Text(16);
        var payload = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(payload))
        {
            json.WriteStartObject();
            json.WriteString("iss", issuer); // Back-Channel Logout §2.4
            json.WriteString("sub", subject);
            json.WriteString("aud", client.Id);
            json.WriteNumber("iat", now.ToUnixTimeSeconds());
            json.WriteNumber("exp", (now + Lifetime).ToUnixTimeSeconds());
            json.WriteString("jti", id);
            json.WriteStartObject("events");
            json.WriteStartObject(Event);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteString("sid", sessionId);
            json.WriteEndObject();
        }
        if (client.IdTokenAlgorithm != "HS256")
            return (keys.Signer(client.IdTokenAlgorithm).Sign(Type, payload.WrittenSpan), id);
        using var signer = secrets.HmacSigner(client);
        return (signer.Sign(Type, payload.WrittenSpan), id);
    }
}
