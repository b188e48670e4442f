using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Ostiary.AspNetCore.Api;

namespace Ostiary.Program.Tests.ForeignClients;

/// <summary>
/// A tiny MCP server with two tools, which say whose token they were called with; the second needs a scope of its own. All of its protection is that of <c>Ostiary.AspNetCore</c>; nothing in it was made for a client.
/// </summary>
internal static class McpServer
{
    public const string Scope = "notes:read";
    public const string MoreScope = "notes:write";

    public static async Task<WebApplication> StartAsync(string address, string issuer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(new Uri(address).GetLeftPart(UriPartial.Authority));
        builder.Services.AddOstiaryApi(api =>
        {
            api.Issuer = issuer;
            api.Audience = address;
            api.Name = "Notes";
        });
        var app = builder.Build();
        app.UseOstiaryApi();
        app.MapPost(new Uri(address).AbsolutePath, (RequestDelegate)AnswerAsync).RequireScope(Scope);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private static async Task AnswerAsync(HttpContext http)
    {
        var asked = (await JsonNode.ParseAsync(http.Request.Body, cancellationToken: http.RequestAborted))!.AsObject();
        if (asked["id"] is not { } id)
        {
            http.Response.StatusCode = StatusCodes.Status202Accepted; // A notification.
            return;
        }
        if (asked["params"]?["name"]?.GetValue<string>() == "add" && !await http.DemandScopeAsync(MoreScope))
            return;
        var answer = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = id.DeepClone() };
        if (ResultOf(asked, http) is { } result)
            answer["result"] = result;
        else
            answer["error"] = new JsonObject { ["code"] = -32601, ["message"] = "Method not found" };
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(answer.ToJsonString(), http.RequestAborted);
    }

    private static JsonObject? ResultOf(JsonObject asked, HttpContext http) =>
        asked["method"]!.GetValue<string>() switch
        {
            "initialize" => new JsonObject
            {
                ["protocolVersion"] = asked["params"]!["protocolVersion"]!.DeepClone(),
                ["capabilities"] = new JsonObject { ["tools"] = new JsonObject() },
                ["serverInfo"] = new JsonObject { ["name"] = "notes", ["version"] = "1" },
            },
            "ping" => [],
            "tools/list" => new JsonObject { ["tools"] = new JsonArray(Tool("whoami", "Whose token this is"), Tool("add", "Adds a note")) },
            "tools/call" => new JsonObject { ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = Whoami(http) }) },
            _ => null,
        };

    private static JsonObject Tool(string name, string description) =>
        new()
        {
            ["name"] = name,
            ["description"] = description,
            ["inputSchema"] = new JsonObject { ["type"] = "object" },
        };

    private static string Whoami(HttpContext http)
    {
        var token = http.AccessToken();
        return JsonSerializer.Serialize(
            new
            {
                person = token.Subject,
                client = token.ClientId,
                scope = token.Scopes.ToString(),
            }
        );
    }
}
