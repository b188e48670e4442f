using System.Buffers;
using Microsoft.AspNetCore.Http;
using Ostiary.Server.Http;

namespace Ostiary.Server.Hosting;

/// <summary>Under pressure the token endpoint is three lanes: which one, the body says. It is looked at and left for the endpoint to read.</summary>
internal static class GrantLane
{
    public static async ValueTask<Lane> OfAsync(HttpContext http, Lane token)
    {
        var admission = token.Admission;
        var reader = http.Request.BodyReader;
        SequencePosition? examined = null;
        while (true)
        {
            var read = await reader.ReadAsync(http.RequestAborted);
            if (read.IsCompleted || read.Buffer.Length > RequestReader.MaxBody)
            {
                var lane = LaneOf(admission, read.Buffer.Length > RequestReader.MaxBody ? [] : read.Buffer.ToArray());
                // What was examined once cannot be unexamined.
                reader.AdvanceTo(read.Buffer.Start, examined ?? read.Buffer.Start);
                return lane;
            }
            examined = read.Buffer.End;
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>Unknown ones are the least of the three.</summary>
    private static Lane LaneOf(Admission admission, ReadOnlySpan<byte> body)
    {
        foreach (var range in body.Split((byte)'&'))
        {
            var parameter = body[range];
            if (!parameter.StartsWith("grant_type="u8))
                continue;
            var grant = parameter["grant_type=".Length..];
            return grant.SequenceEqual("refresh_token"u8) ? admission.Refresh
                : grant.SequenceEqual("client_credentials"u8) ? admission.ClientCredentials
                : admission.Code;
        }
        return admission.ClientCredentials;
    }
}
