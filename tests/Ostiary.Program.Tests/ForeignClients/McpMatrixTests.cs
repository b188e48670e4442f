using Ostiary.Program.Tests.Cli;

namespace Ostiary.Program.Tests.ForeignClients;

/// <summary>
/// Each SDK in each of the three ways in which an MCP client gets to be known: by hand, by a document at the address that its id is, by registering itself. Each is refused,
/// finds the issuer, signs a person in, calls a tool, and refreshes; no option is set in any of them.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class McpMatrixTests(McpTown town) : IClassFixture<McpTown>
{
    private static readonly string[] Story = ["challenged", "authorized", "connected", "refreshed"];

    [Theory]
    [InlineData("static")]
    [InlineData("document")]
    [InlineData("registration")]
    [Trait("Spec", "RFC 9728 §5.1")]
    public Task The_old_line_of_the_TypeScript_SDK_connects_by(string way) => CompletesAsync("mcp-old.mjs", way);

    [Theory]
    [InlineData("static")]
    [InlineData("document")]
    [InlineData("registration")]
    [Trait("Spec", "RFC 9728 §5.1")]
    public Task The_new_line_of_the_TypeScript_SDK_connects_by(string way) => CompletesAsync("mcp-new.mjs", way);

    private async Task CompletesAsync(string script, string way)
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
        Assert.Equal(Story, steps);
    }
}
