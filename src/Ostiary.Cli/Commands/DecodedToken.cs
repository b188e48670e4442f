using System.Globalization;
using System.Text.Json;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Commands;

/// <summary>What a JWT says, without any check of it.</summary>
internal static class DecodedToken
{
    public static void Write(string token, Invocation invocation)
    {
        var value = Read(token);
        if (invocation.Form is not OutputForm.Table)
        {
            invocation.Results.One(value, "payload");
            return;
        }
        var rows = new List<IReadOnlyList<string>>();
        foreach (var part in value.EnumerateObject())
        foreach (var member in part.Value.EnumerateObject())
            rows.Add([part.Name, member.Name, Cell.Text(member.Value), Time(member)]);
        invocation.Results.Rows(["PART", "NAME", "VALUE", "TIME"], rows);
        invocation.Terminal.Note("decoded, not verified: anybody can write such a token");
    }

    private static JsonElement Read(string token)
    {
        if (token.StartsWith("ost_", StringComparison.Ordinal))
            throw Undecodable(
                "It is an opaque token: only the server that issued it can read it.",
                "ostiary token introspect - --client ID --secret-file FILE"
            );
        if (token.Count(c => c == '.') == 4)
            throw Undecodable("It is an encrypted token (JWE, five parts): only its recipient can read it.", null);
        if (!Jws.TryReadUnverified(token, out var header, out var payload) || !StrictJson.TryParseObject(payload, out var claims))
            throw Undecodable(
                "It is not a JWT: three base64url parts joined by dots, of which two are JSON objects.",
                "check that the token was copied whole"
            );
        using (claims)
            return JsonForms.Object(json =>
            {
                json.WritePropertyName("header");
                header.WriteTo(json);
                json.WritePropertyName("payload");
                claims.RootElement.WriteTo(json);
            });
    }

    private static string Time(JsonProperty member) =>
        member.Name is "exp" or "iat" or "nbf" or "auth_time"
        && member.Value.ValueKind == JsonValueKind.Number
        && member.Value.TryGetInt64(out var seconds)
        && seconds is > 0 and < 253_402_300_799
            ? DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : "";

    private static CliException Undecodable(string message, string? advice) => new(new(Reason.TokenUndecodable, message) { Try = advice });
}
