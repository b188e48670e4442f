using System.Text.Json;
using ModelContextProtocol.Authentication;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using Ostiary.Program.Tests.Cli;

namespace Ostiary.Program.Tests.ForeignClients;

/// <summary>
/// Each SDK in each of the three ways in which an MCP client gets to be known: by hand, by a document at the address that its id is, by registering itself. Each is refused,
/// finds the issuer, signs a person in, calls a tool, and refreshes; no option is set in any of them.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class McpMatrixTests(McpTown town) : IClassFixture<McpTown>
{
    private static readonly string[] Story = ["challenged", "authorized", "connected", "refreshed", "stepped-up"];

    [Theory]
    [InlineData("static")]
    [InlineData("document")]
    [InlineData("registration")]
    [Trait("Spec", "RFC 9728 §5.1")]
    public Task The_old_line_of_the_TypeScript_SDK_connects_by(string way) => CompletesAsync("mcp-old.mjs", way, Story[..^1]);

    [Theory]
    [InlineData("static")]
    [InlineData("document")]
    [InlineData("registration")]
    [Trait("Spec", "RFC 9728 §5.1")]
    public Task The_new_line_of_the_TypeScript_SDK_connects_by(string way) => CompletesAsync("mcp-new.mjs", way, Story);

    [Theory]
    [InlineData("static")]
    [InlineData("document")]
    [InlineData("registration")]
    [Trait("Spec", "RFC 9728 §5.1")]
    public async Task The_CSharp_SDK_connects_by(string way)
    {
        using var person = new Person(town.Issuer, McpTown.Username, town.Password);
        var tokens = new KeptTokens();
        var first = await CallAsync(person, tokens, way);
        var client = first.GetProperty("client").GetString()!;
        Assert.True(
            way switch
            {
                "static" => client == McpTown.StaticClient,
                "document" => client == town.Document,
                _ => client.StartsWith("reg-", StringComparison.Ordinal),
            },
            client
        );
        Assert.Equal(["login", "consent"], person.Pages);

        // The access token is over: the SDK refreshes it by itself, and nobody is asked.
        Assert.NotNull(tokens.Kept!.RefreshToken);
        tokens.Kept.AccessToken = "over";
        var later = await CallAsync(person, tokens, way);
        Assert.Equal(client, later.GetProperty("client").GetString());
        Assert.Equal(["login", "consent"], person.Pages);

        // A tool needs more: the person is asked for it, and what was there stays.
        var more = await CallAsync(person, tokens, way, "add");
        Assert.Equal(["login", "consent", "consent"], person.Pages);
        Assert.Contains(McpServer.MoreScope, more.GetProperty("scope").GetString()!.Split(' '));
        Assert.Contains(McpServer.Scope, more.GetProperty("scope").GetString()!.Split(' '));
    }

    private async Task<JsonElement> CallAsync(Person person, KeptTokens tokens, string way, string tool = "whoami")
    {
        var cancelled = TestContext.Current.CancellationToken;
        var options = new ClientOAuthOptions
        {
            RedirectUri = new Uri($"http://localhost:{ServerProcess.FreePort()}/callback"),
            AuthorizationCallbackHandler = async (asked, _) => await person.AuthorizeAsync(asked.AuthorizationUri),
            TokenCache = tokens,
            ClientId = way == "static" ? McpTown.StaticClient : null,
            ClientMetadataDocumentUri = way == "document" ? new Uri(town.Document) : null,
        };
        await using var transport = new HttpClientTransport(new HttpClientTransportOptions { Endpoint = new Uri(town.Mcp), OAuth = options });
        await using var client = await McpClient.CreateAsync(transport, cancellationToken: cancelled);
        Assert.Equal(["whoami", "add"], (await client.ListToolsAsync(cancellationToken: cancelled)).Select(t => t.Name));
        var answer = await client.CallToolAsync(tool, cancellationToken: cancelled);
        using var said = JsonDocument.Parse(Assert.IsType<TextContentBlock>(Assert.Single(answer.Content)).Text);
        return said.RootElement.Clone();
    }

    private async Task CompletesAsync(string script, string way, string[] story)
    {
        var (code, steps, errors) = await ForeignScript.RunAsync(
            "node",
            script,
            new()
            {
                ["issuer"] = town.Issuer,
                ["mcp"] = town.Mcp,
                ["way"] = way,
                ["clientId"] = McpTown.StaticClient,
                ["document"] = town.Document,
                ["redirectUri"] = $"http://127.0.0.1:{ServerProcess.FreePort()}/callback",
                ["username"] = McpTown.Username,
                ["password"] = town.Password,
            }
        );
        Assert.True(code == 0, $"{script} ended with {code} after [{string.Join(", ", steps)}]: {errors}");
        Assert.Equal(story, steps);
    }
}

/// <summary>What the SDK keeps between two connections.</summary>
internal sealed class KeptTokens : ITokenCache
{
    public TokenContainer? Kept { get; private set; }

    public ValueTask StoreTokensAsync(TokenContainer tokens, CancellationToken cancellationToken)
    {
        Kept = tokens;
        return ValueTask.CompletedTask;
    }

    public ValueTask<TokenContainer?> GetTokensAsync(CancellationToken cancellationToken) => ValueTask.FromResult(Kept);
}
