using System.Text.Json;
using Ostiary.Cli.Administration;
using Ostiary.Cli.ConfigurationFiles;

namespace Ostiary.Cli.Commands;

/// <summary>A configuration file and the issuers that it is for: the one that is administered, or all that it lists.</summary>
internal static class ConfigurationParts
{
    /// <summary>Does something with each part at its issuer. The answers, with the issuers where the file lists several.</summary>
    public static async Task<IReadOnlyList<(string? Issuer, JsonElement Answer)>> EachAsync(
        Invocation invocation,
        ConfigurationText file,
        Func<IAdminChannel, ConfigurationText, Task<JsonElement>> act
    )
    {
        if (!file.IsOfSeveral || AdminChannels.NamesIssuer(invocation))
        {
            await using var channel = await invocation.ChannelAsync();
            return [(null, await act(channel, file.IsOfSeveral ? file.PartOf(await IssuerAsync(channel, invocation.Stop)) : file))];
        }
        var answers = new List<(string?, JsonElement)>();
        foreach (var (issuer, part) in file.Parts())
        {
            await using var channel = await AdminChannels.OpenAsync(invocation, issuer);
            try
            {
                answers.Add((issuer, await act(channel, part)));
            }
            catch (DryRunException)
            {
                // The next part is judged too.
            }
        }
        return answers;
    }

    private static async Task<string> IssuerAsync(IAdminChannel channel, CancellationToken ct) =>
        (await channel.SendAsync(HttpMethod.Get, "/server", null, ct))!.Value.GetProperty("issuer").GetString()!;
}
