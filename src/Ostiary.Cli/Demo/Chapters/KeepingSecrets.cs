using System.Text;

namespace Ostiary.Cli.Demo.Chapters;

/// <summary>The demo looks for everything it issued, where it must not be.</summary>
internal static class KeepingSecrets
{
    public static async Task TellAsync(DemoCast cast)
    {
        cast.Script.Chapter(
            "Keeping secrets",
            "Codes, tokens, verifiers, passwords and client secrets leak through logs, addresses and Referer headers. The demo remembers each one it saw."
        );
        await cast.Script.StepAsync(
            "The log, every URL an API saw, and every Referer are searched for them",
            "A log that holds no secret can be read, shipped and kept. Its lines form a chain: a removed or changed line would show.",
            async expect =>
            {
                var secrets = cast.Stage.Secrets.Seen;
                var log = await LogAsync(cast);
                expect.Holds(
                    $"none of {secrets.Count} secrets is in the event log ({log.Length:N0} characters)",
                    !secrets.Any(s => log.Contains(s, StringComparison.Ordinal))
                );
                var urls = string.Join('\n', cast.Stage.SeenUrls.Where(u => !u.StartsWith("/signin/callback", StringComparison.Ordinal)));
                expect.Holds(
                    "none is in a URL or a Referer that reached an API or the app (the callback carries the code by design)",
                    !secrets.Any(s => urls.Contains(s, StringComparison.Ordinal))
                );
                var verified = await cast.Stage.Server.Events.VerifyAsync(null, cast.Script.Stop);
                expect.Holds($"the chain of {verified.Lines} records holds", verified.Broken is null, verified.Broken?.What);
            }
        );
    }

    private static async Task<string> LogAsync(DemoCast cast)
    {
        var text = new StringBuilder();
        foreach (var file in Directory.EnumerateFiles(cast.Stage.EventDirectory, "*.jsonl"))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(stream);
            text.Append(await reader.ReadToEndAsync(cast.Script.Stop));
        }
        return text.ToString();
    }
}
