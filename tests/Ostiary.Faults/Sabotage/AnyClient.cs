using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Server.Grants;
using Ostiary.Server.Stores;

namespace Ostiary.Faults.Sabotage;

/// <summary>Whose request it is, for the fault below.</summary>
internal static class AskingClient
{
    public static readonly AsyncLocal<string?> Current = new();

    public static void Watch(WebApplication app) =>
        app.Use(
            async (HttpContext http, RequestDelegate next) =>
            {
                if (http.Request.Path == "/token")
                {
                    http.Request.EnableBuffering();
                    using var body = new MemoryStream();
                    await http.Request.Body.CopyToAsync(body);
                    http.Request.Body.Position = 0;
                    Current.Value = FormParameters.TryParse(body.ToArray(), out var form) is null ? form["client_id"] : null;
                }
                await next(http);
            }
        );
}

/// <summary>Every grant is that of whoever asks.</summary>
internal sealed class AnyClient(IGrantStore inner) : PassingGrants(inner)
{
    public override async ValueTask<Grant?> FindAsync(GrantId id, CancellationToken ct) =>
        await Inner.FindAsync(id, ct) is { } grant ? grant with { ClientId = AskingClient.Current.Value ?? grant.ClientId } : null;
}
