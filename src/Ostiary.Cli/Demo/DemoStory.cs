using Ostiary.Cli.Demo.Chapters;

namespace Ostiary.Cli.Demo;

/// <summary>The whole story, chapter by chapter. What a chapter leaves for later ones is in <see cref="DemoMemory"/>.</summary>
internal static class DemoStory
{
    public static async Task TellAsync(DemoStage stage, DemoScript script)
    {
        var memory = new DemoMemory();
        using var browser = new DemoActor(stage, script, "browser", isBrowser: true);
        using var program = new DemoActor(stage, script, "program", isBrowser: false);
        using var api = new DemoActor(stage, script, "api", isBrowser: false);
        using var attacker = new DemoActor(stage, script, "attacker", isBrowser: false);
        var cast = new DemoCast(stage, script, memory)
        {
            Browser = browser,
            Program = program,
            Api = api,
            Attacker = attacker,
        };
        await SettingUp.TellAsync(cast);
        await SigningIn.TellAsync(cast);
        await CallingTheApi.TellAsync(cast);
        await Renewing.TellAsync(cast);
        await ActingForItself.TellAsync(cast);
        await WithoutABrowser.TellAsync(cast);
        await PassingItOn.TellAsync(cast);
        await BoundToAKey.TellAsync(cast);
        await CodesAndKeys.TellAsync(cast);
        await StolenTokens.TellAsync(cast);
        await AskingForMore.TellAsync(cast);
        await Ending.TellAsync(cast);
        await KeepingSecrets.TellAsync(cast);
    }
}

/// <summary>Who plays.</summary>
internal sealed record DemoCast(DemoStage Stage, DemoScript Script, DemoMemory Memory)
{
    public required DemoActor Browser { get; init; }

    /// <summary>Whatever works without a browser: the second app, the robot, the television.</summary>
    public required DemoActor Program { get; init; }

    /// <summary>The notes API, where it calls others itself.</summary>
    public required DemoActor Api { get; init; }
    public required DemoActor Attacker { get; init; }

    public DemoPlaces Places => Stage.Places;

    public string Issuer => Stage.Places.Issuer;

    public (string, string) SecretOf(string client) => (client, Stage.ClientSecrets[client]);
}

/// <summary>What one chapter leaves for the next.</summary>
internal sealed class DemoMemory
{
    /// <summary>Tokens of the native app, from its last sign-in.</summary>
    public NativeTokens? Native { get; set; }

    /// <summary>Tokens of the television.</summary>
    public NativeTokens? Television { get; set; }
}

internal sealed record NativeTokens(string Access, string Refresh, string Id);
