using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Ostiary.Server.Hosting;

namespace Ostiary.Bench.Ceilings;

/// <summary>
/// What the machine can do at all: the server's Kestrel settings and handlers that decide nothing. <c>GET /constant</c> answers 1 KB; <c>POST /form</c> parses
/// the form first; <c>POST /signed</c> also signs once; <c>POST /commit</c> also commits one row, alone, before it signs. Each <see cref="BareOperation"/> has its own,
/// and with a database one more, which commits a row with those of other requests.
/// </summary>
internal static class CeilingServer
{
    private const int ConstantLength = 1024;
    private const string Before = "{\"access_token\":\"";
    private const string After = "\",\"token_type\":\"Bearer\",\"expires_in\":600,\"scope\":\"read\"}";

    private static readonly byte[] Constant = Encoding.ASCII.GetBytes("{\"constant\":\"" + new string('c', ConstantLength - 15) + "\"}");

    /// <param name="arguments">Port, length of the payload to sign, file of the database or nothing.</param>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { Args = [] });
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            KestrelSettings.Apply(kestrel);
            kestrel.Listen(IPAddress.Loopback, int.Parse(arguments[0], CultureInfo.InvariantCulture));
        });
        await using var app = builder.Build();
        var signature = new BareSignature(int.Parse(arguments[1], CultureInfo.InvariantCulture));
        app.MapGet("/constant", http => AnswerAsync(http, Constant));
        app.MapPost("/form", async http => await (await BareForm.ReadAsync(http) ? AnswerAsync(http, Constant) : RefuseAsync(http)));
        app.MapPost("/signed", async http => await (await BareForm.ReadAsync(http) ? SignAsync(http, signature) : RefuseAsync(http)));
        await using var grouped = arguments.Length > 2 ? new GroupedRows(arguments[2] + "-rows") : null;
        Map(app, signature, grouped);
        if (arguments.Length > 2)
        {
            var rows = new OneCommitEach(arguments[2]);
            app.MapPost(
                "/commit",
                async http =>
                {
                    if (!await BareForm.ReadAsync(http))
                    {
                        await RefuseAsync(http);
                        return;
                    }
                    await rows.UpdateAsync();
                    await SignAsync(http, signature);
                }
            );
        }
        await app.RunAsync();
        return 0;
    }

    private static void Map(WebApplication app, BareSignature signature, GroupedRows? rows)
    {
        var proofs = new BareProof();
        foreach (var bare in BareOperation.All)
        {
            app.MapPost(bare.Path, http => HandleAsync(http, bare, null));
            if (rows is not null)
                app.MapPost(bare.PathWithRow, http => HandleAsync(http, bare, rows));
        }
        async Task HandleAsync(HttpContext http, BareOperation bare, GroupedRows? table)
        {
            var read = bare.IsJson ? await BareJson.ReadAsync(http) : await BareForm.ReadAsync(http);
            if (!read || (bare.Verifies && !proofs.Holds(http.Request.Headers["DPoP"].ToString())))
            {
                await RefuseAsync(http);
                return;
            }
            if (table is not null)
                await table.AddAsync();
            await (bare.Constant > 0 ? AnswerAsync(http, Constant.AsMemory(0, bare.Constant)) : SignAsync(http, signature));
        }
    }

    private static Task RefuseAsync(HttpContext http)
    {
        http.Response.StatusCode = 400;
        return Task.CompletedTask;
    }

    private static Task AnswerAsync(HttpContext http, ReadOnlyMemory<byte> body)
    {
        var response = http.Response;
        response.ContentType = "application/json";
        response.Headers.CacheControl = "no-store";
        response.ContentLength = body.Length;
        return response.Body.WriteAsync(body).AsTask();
    }

    private static async Task SignAsync(HttpContext http, BareSignature signature)
    {
        var length = Before.Length + signature.Length + After.Length;
        var response = http.Response;
        response.ContentType = "application/json";
        response.Headers.CacheControl = "no-store";
        response.Headers.Pragma = "no-cache";
        response.ContentLength = length;
        await response.StartAsync();
        var body = response.BodyWriter.GetSpan(length);
        Encoding.ASCII.GetBytes(Before, body);
        signature.Write(body[Before.Length..]);
        Encoding.ASCII.GetBytes(After, body[(Before.Length + signature.Length)..]);
        response.BodyWriter.Advance(length);
        await response.BodyWriter.FlushAsync();
    }
}
