using System.Text.Json;
using Ostiary.Cli.Administration;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Hosting;

/// <summary>The users, clients and the API of the development server: made through the administration API, like anybody's.</summary>
internal static class DemoData
{
    private const string Identifier = "https://api.demo";
    public const string Password = "demo";
    public const string ApiSecret = "demo-secret-of-the-development-server";

    public static async Task SeedAsync(IAdminChannel channel, CancellationToken ct)
    {
        var isNew = await AddAsync(channel, "/apis", Api, ct);
        await AddAsync(channel, "/clients", WebClient, ct);
        await AddAsync(channel, "/clients", ApiClient, ct);
        await AddAsync(channel, "/clients", CommandLine, ct);
        if (isNew)
            await channel.SendAsync(HttpMethod.Patch, "/apis/" + Uri.EscapeDataString(Identifier), JsonForms.Object(ResourceServer), ct);
        await AddAsync(channel, "/users", json => User(json, "ada", "Ada", "Lovelace"), ct);
        await AddAsync(channel, "/users", json => User(json, "bob", "Bob", "Kahn"), ct);
    }

    /// <summary>With a data directory they are there from the last time, perhaps changed since: then they stay as they are.</summary>
    private static async Task<bool> AddAsync(IAdminChannel channel, string path, Action<Utf8JsonWriter> members, CancellationToken ct)
    {
        try
        {
            await channel.SendAsync(HttpMethod.Post, path, JsonForms.Object(members), ct);
            return true;
        }
        catch (CliException failure) when (failure.Error.Reason == Reason.AlreadyExists)
        {
            return false;
        }
    }

    private static void Api(Utf8JsonWriter json)
    {
        json.WriteString("identifier", Identifier);
        json.WriteString("name", "Demo API");
        json.WriteStartArray("scopes");
        Scope(json, "invoices:read", "Read your invoices");
        Scope(json, "invoices:write", "Create and change your invoices");
        json.WriteEndArray();
    }

    private static void ResourceServer(Utf8JsonWriter json)
    {
        json.WriteStartArray("resource_server_clients");
        json.WriteStringValue("api-demo");
        json.WriteEndArray();
    }

    private static void Scope(Utf8JsonWriter json, string name, string description)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("description", description);
        json.WriteEndObject();
    }

    private static void WebClient(Utf8JsonWriter json)
    {
        json.WriteString("client_id", "web-demo");
        json.WriteString("type", "spa");
        json.WriteString("client_name", "Web demo");
        json.WriteStartArray("redirect_uris");
        json.WriteStringValue("http://localhost:3000/callback");
        json.WriteEndArray();
        json.WriteString("scope", "openid profile email offline_access invoices:read invoices:write");
    }

    private static void ApiClient(Utf8JsonWriter json)
    {
        json.WriteString("client_id", "api-demo");
        json.WriteString("type", "service");
        json.WriteString("client_name", "API demo");
        json.WriteString("scope", "invoices:read invoices:write");
        json.WriteString("client_secret", ApiSecret);
    }

    /// <summary>What <c>ostiary login</c> signs in with where no other client is named.</summary>
    private static void CommandLine(Utf8JsonWriter json)
    {
        json.WriteString("client_id", "ostiary-cli");
        json.WriteString("type", "device");
        json.WriteString("client_name", "Ostiary command line");
        json.WriteString("scope", "openid profile email offline_access invoices:read invoices:write");
    }

    private static void User(Utf8JsonWriter json, string name, string given, string family)
    {
        json.WriteString("username", name);
        json.WriteString("email", $"{name}@example.test");
        json.WriteString("password", Password);
        json.WriteStartObject("claims");
        json.WriteString("name", $"{given} {family}");
        json.WriteString("given_name", given);
        json.WriteString("family_name", family);
        json.WriteEndObject();
    }
}
