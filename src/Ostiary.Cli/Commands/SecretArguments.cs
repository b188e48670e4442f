using Ostiary.Cli.Errors;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Commands;

/// <summary>Secrets are never taken from arguments: other users of the machine see them, and the shell remembers them. The value is not repeated in the error.</summary>
internal static class SecretArguments
{
    private static readonly string[] Names =
    [
        "--secret",
        "--client-secret",
        "--password",
        "--passwd",
        "--access-token",
        "--refresh-token",
        "--api-key",
        "--private-key",
        "--passphrase",
    ];

    private static readonly string[] Members = ["client_secret", "secret", "password", "private_key", "refresh_token", "access_token"];

    public static void Refuse(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            var name = arguments[i].Split('=', 2)[0];
            if (Names.Contains(name, StringComparer.OrdinalIgnoreCase))
                throw Refused($"'{name}' would put a secret into the arguments of a process.");
            if (arguments[i].Contains("ost_cs_", StringComparison.Ordinal) || arguments[i].Contains("ost_key_", StringComparison.Ordinal))
                throw Refused($"Argument {i + 1} holds a secret.");
            if (i > 0 && arguments[i - 1] is "--set" or "--claim" && Members.Contains(name, StringComparer.OrdinalIgnoreCase))
                throw Refused($"'{arguments[i - 1]} {name}=…' would put a secret into the arguments of a process.");
            if (Uri.TryCreate(arguments[i], UriKind.Absolute, out var url) && url.UserInfo.Contains(':', StringComparison.Ordinal))
                throw Refused($"Argument {i + 1} is a URL with a password in it.");
        }
    }

    public static CliException Refused(
        string message,
        string instead = "--secret-stdin or --password-stdin, --secret-file FILE, or the environment variable OSTIARY_CLIENT_SECRET"
    ) =>
        new(
            new(Reason.SecretInArguments, message)
            {
                Why = "arguments are visible to every process of the machine and stay in the shell's history",
                Try = instead,
            }
        );
}
