using System.Buffers;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Http;

namespace Ostiary.Bench;

/// <summary>The ceiling: the same Kestrel settings, the form parsed, one ES256 signature over a payload of the same length, the same number of bytes answered. It decides nothing.</summary>
internal static class BareHandler
{
    private const string Before = "{\"access_token\":\"";
    private const string After = "\",\"token_type\":\"Bearer\",\"expires_in\":600,\"scope\":\"read\"}";

    public static async Task<int> RunAsync(string url, int payloadLength)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 1024 * 1024;
            kestrel.Listen(IPAddress.Loopback, new Uri(url).Port);
        });
        await using var app = builder.Build();
        var signer = JwsSigner.Create(JsonWebKey.Generate("ES256", "es256-2026-01-01-00000000"), "ES256");
        var payload = Encoding.ASCII.GetBytes(new string('p', payloadLength));
        app.MapPost(
            "/token",
            async http =>
            {
                var (form, malformed) = await RequestReader.ReadFormAsync(http);
                if (malformed is not null || form["grant_type"] is null)
                {
                    http.Response.StatusCode = 400;
                    return;
                }
                var token = signer.Sign("at+jwt", payload);
                var length = Before.Length + token.Length + After.Length;
                var body = ArrayPool<byte>.Shared.Rent(length);
                Encoding.ASCII.GetBytes(Before, body);
                Encoding.ASCII.GetBytes(token, body.AsSpan(Before.Length));
                Encoding.ASCII.GetBytes(After, body.AsSpan(Before.Length + token.Length));
                http.Response.ContentType = "application/json";
                http.Response.Headers.CacheControl = "no-store";
                http.Response.Headers.Pragma = "no-cache";
                http.Response.Headers.XContentTypeOptions = "nosniff";
                http.Response.Headers["Ostiary-Flow"] = "flow_0000000000000000";
                http.Response.ContentLength = length;
                await http.Response.Body.WriteAsync(body.AsMemory(0, length));
                ArrayPool<byte>.Shared.Return(body);
            }
        );
        await app.RunAsync();
        return 0;
    }
}
