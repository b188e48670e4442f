using System.CommandLine;

namespace Ostiary.Cli.Commands;

/// <summary>The whole command line: one line per noun or top-level verb. Help and completion are made from it.</summary>
internal static class CommandTree
{
    public static RootCommand Build()
    {
        var root = new RootCommand("Ostiary: OAuth 2.1 authorization server, OpenID provider, and the tools around them.");
        root.Options.Clear();
        root.Directives.Clear();
        root.Add(CommonOptions.Help);
        root.Add(CommonOptions.Output);
        root.Add(CommonOptions.Quiet);
        root.Add(CommonOptions.NoColor);
        root.Add(CommonOptions.Debug);

        root.Add(DevCommand.Create());
        root.Add(DemoCommand.Create());
        root.Add(ServeCommand.Create());
        root.Add(LoginCommands.Login());
        root.Add(LoginCommands.WhoAmI());
        root.Add(LoginCommands.Logout());
        root.Add(DoctorCommand.Create());
        root.Add(ExplainCommand.Create());
        root.Add(ClientCommands.Create());
        root.Add(ApiCommands.Create());
        root.Add(UserCommands.Create());
        root.Add(TokenCommands.Create());
        root.Add(GrantCommands.Create());
        root.Add(SessionCommands.Create());
        root.Add(KeyCommands.Create());
        root.Add(EventCommands.Create());
        root.Add(ConfigCommands.Create());
        root.Add(ServerCommands.Create());
        root.Add(CompletionCommand.Create());
        root.Add(VersionCommand.Create());
        root.Add(JoseCommand.Create());
        return root;
    }
}
