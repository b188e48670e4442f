using System.Text.Json;
using Ostiary.Cli.Output;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;
using Ostiary.Server.Hosting;

namespace Ostiary.Cli.Demo.Chapters;

/// <summary>Transport, and what the operator registers.</summary>
internal static class SettingUp
{
    public static async Task TellAsync(DemoCast cast)
    {
        cast.Script.Chapter(
            "Setting up",
            "An authorization server is the one place where people prove who they are. Apps and APIs are registered there first, so that it knows whom it talks to."
        );
        await cast.Script.StepAsync(
            "The server refuses to be reached in the clear",
            "Passwords and tokens would travel readable for everybody on the way. Plain http is served on this machine only.",
            expect => RefusesPlainHttp(expect),
            mustFail: true
        );
        await cast.Script.StepAsync(
            "The operator registers two APIs, four programs and a person",
            "Each program gets only what it needs: its redirect addresses are compared character by character, its scopes are a list.",
            expect => RegisterAsync(cast, expect)
        );
    }

    private static Task RefusesPlainHttp(DemoExpectations expect)
    {
        var options = new ServerOptions
        {
            Issuer = "https://id.example",
            Listen = ["http://0.0.0.0:80"],
            Store = "memory",
        };
        var fault = options.Validate() is [var first, ..] ? first : null;
        expect.Holds(
            "a start on http://0.0.0.0:80 is refused with OST9002 plain-http-off-loopback",
            fault?.Reason == Reason.PlainHttpOffLoopback,
            fault?.Message
        );
        expect.Holds("the refusal says what to do: " + fault?.Try, fault is { Try.Length: > 0 });
        return Task.CompletedTask;
    }

    private static async Task RegisterAsync(DemoCast cast, DemoExpectations expect)
    {
        foreach (var api in new[] { DemoPlaces.ApiIdentifier, DemoPlaces.OtherApiIdentifier })
            await SendAsync(cast, "/apis", json => Api(json, api));
        await ClientAsync(cast, DemoStage.ApiClient, "service", "Notes API", "", Exchanger);
        await ClientAsync(cast, DemoStage.ServiceClient, "service", "Notes robot", "notes:read", _ => { });
        await ClientAsync(cast, DemoStage.WebClient, "web", "Notes", "openid profile offline_access notes:read notes:write", json => Web(json, cast));
        await ClientAsync(
            cast,
            DemoStage.NativeClient,
            "native",
            "Notes for the terminal",
            "openid notes:read billing:read",
            json => Native(json, cast)
        );
        await ClientAsync(cast, DemoStage.DeviceClient, "device", "Notes on television", "openid offline_access notes:read billing:read", _ => { });
        foreach (var api in new[] { DemoPlaces.ApiIdentifier, DemoPlaces.OtherApiIdentifier })
            await PatchAsync(cast, "/apis/" + Uri.EscapeDataString(api), json => ResourceServer(json, api));
        await SendAsync(cast, "/users", json => User(json, cast));
        cast.Stage.Secrets.Remember(cast.Stage.Password);
        await cast.Stage.StartAppsAsync(cast.Script.Stop);
        var clients = await cast.Stage.Operator.SendAsync(HttpMethod.Get, "/clients", null, cast.Script.Stop);
        expect.Holds("five clients are registered", clients?.GetProperty("items").GetArrayLength() == 5);
        var reply = await cast.Program.GetAsync(cast.Issuer + "/.well-known/openid-configuration");
        expect.Status(reply, 200);
        expect.Holds("the metadata names the issuer exactly as configured", reply["issuer"] == cast.Issuer, reply["issuer"]);
    }

    private static void Api(Utf8JsonWriter json, string identifier)
    {
        var noun = identifier == DemoPlaces.ApiIdentifier ? "notes" : "billing";
        json.WriteString("identifier", identifier);
        json.WriteStartArray("scopes");
        foreach (var (verb, sentence) in new[] { ("read", $"Read your {noun}"), ("write", $"Change your {noun}") })
        {
            json.WriteStartObject();
            json.WriteString("name", $"{noun}:{verb}");
            json.WriteString("description", sentence);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Web(Utf8JsonWriter json, DemoCast cast)
    {
        Strings(json, "redirect_uris", cast.Places.Web + "/signin/callback");
        Strings(json, "post_logout_redirect_uris", cast.Places.Web + "/signout/callback");
        json.WriteString("access_token_lifetime", "3s"); // Short, so that the story can wait for its end.
        json.WriteString("refresh_token_rotation", "always");
    }

    /// <summary>It may exchange what the television calls it with, for the billing API and one scope there.</summary>
    private static void Exchanger(Utf8JsonWriter json)
    {
        Strings(json, "grant_types", ClientNames.ClientCredentials, ClientNames.TokenExchange);
        json.WriteStartArray("token_exchange");
        json.WriteStartObject();
        Strings(json, "from", DemoStage.DeviceClient);
        Strings(json, "audiences", DemoPlaces.OtherApiIdentifier);
        json.WriteString("scope", "billing:read");
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void ResourceServer(Utf8JsonWriter json, string api)
    {
        Strings(json, "resource_server_clients", DemoStage.ApiClient);
        if (api == DemoPlaces.ApiIdentifier)
            json.WriteString("exchange_scope", "billing:read");
    }

    private static void Native(Utf8JsonWriter json, DemoCast cast) => Strings(json, "redirect_uris", cast.Places.NativeCallback);

    private static void User(Utf8JsonWriter json, DemoCast cast)
    {
        json.WriteString("username", DemoForms.Username);
        json.WriteString("email", "ada@example.test");
        json.WriteString("password", cast.Stage.Password);
        json.WriteStartObject("claims");
        json.WriteString("name", "Ada Lovelace");
        json.WriteEndObject();
    }

    private static async Task ClientAsync(DemoCast cast, string id, string type, string name, string scope, Action<Utf8JsonWriter> more)
    {
        var answer = await SendAsync(
            cast,
            "/clients",
            json =>
            {
                json.WriteString("client_id", id);
                json.WriteString("type", type);
                json.WriteString("client_name", name);
                if (scope.Length > 0)
                    json.WriteString("scope", scope);
                more(json);
            }
        );
        if (answer.TryGetProperty("client_secret", out var secret))
        {
            cast.Stage.ClientSecrets[id] = secret.GetString()!;
            cast.Stage.Secrets.Remember(secret.GetString()!);
        }
    }

    private static async Task<JsonElement> SendAsync(DemoCast cast, string path, Action<Utf8JsonWriter> members) =>
        (await OperateAsync(cast, HttpMethod.Post, path, members, 201))!.Value;

    private static Task<JsonElement?> PatchAsync(DemoCast cast, string path, Action<Utf8JsonWriter> members) =>
        OperateAsync(cast, HttpMethod.Patch, path, members, 200);

    private static async Task<JsonElement?> OperateAsync(DemoCast cast, HttpMethod method, string path, Action<Utf8JsonWriter> members, int status)
    {
        var body = JsonForms.Object(members);
        var begun = TimeProvider.System.GetTimestamp();
        var answer = await cast.Stage.Operator.SendAsync(method, path, body, cast.Script.Stop);
        await cast.Script.AddAsync(
            new DemoHop
            {
                From = "operator",
                To = "server",
                Method = method.Method,
                Url = "admin.sock/admin/api/v1" + path,
                Status = status,
                Milliseconds = TimeProvider.System.GetElapsedTime(begun).TotalMilliseconds,
                Sent = cast.Stage.Secrets.Show(body.EnumerateObject().Select(m => KeyValuePair.Create(m.Name, m.Value.ToString()))),
            }
        );
        return answer;
    }

    private static void Strings(Utf8JsonWriter json, string name, params ReadOnlySpan<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
