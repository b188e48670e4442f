using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;
using Ostiary.Server.Admin;

namespace Ostiary.Cli.Administration;

/// <summary>Administration of a server that is about to start in this process, before its first request.</summary>
internal sealed class DirectAdminChannel(AdminService service) : IAdminChannel
{
    public string Target => "the server";

    public async Task<JsonElement?> SendAsync(HttpMethod method, string path, JsonElement? body, CancellationToken ct)
    {
        var request = new AdminRequest(method.Method, path, AdminCaller.Owner)
        {
            Body = body is { } json ? Encoding.UTF8.GetBytes(json.GetRawText()) : default,
        };
        var answer = await service.SendAsync(request, ct);
        if (answer.Status is < 200 or >= 300)
            throw new CliException(AdminRefusal.Read((HttpStatusCode)answer.Status, answer.Body, Target));
        return answer.Body.IsEmpty ? null : JsonForms.Parse(answer.Body);
    }

    public async IAsyncEnumerable<JsonElement> LinesAsync(string path, [EnumeratorCancellation] CancellationToken ct)
    {
        var answer = await service.SendAsync(new(HttpMethod.Get.Method, path, AdminCaller.Owner), ct);
        if (answer.Lines is not { } lines)
            throw new CliException(AdminRefusal.Read((HttpStatusCode)answer.Status, answer.Body, Target));
        await foreach (var line in lines.WithCancellation(ct))
            yield return JsonForms.Parse(Encoding.UTF8.GetBytes(line));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
