using System.CommandLine;
using System.Text;
using Ostiary.Cli.Errors;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Commands;

/// <summary>Where secrets come from: standard input, a file, the environment. Never an argument.</summary>
internal static class Secrets
{
    public const string Variable = "OSTIARY_CLIENT_SECRET";
    private const int MaxLength = 64 * 1024;

    public static readonly Option<bool> FromInput = new("--secret-stdin") { Description = "Read the secret from standard input" };
    public static readonly Option<string?> FromFile = new("--secret-file") { Description = "Read the secret from a file", HelpName = "FILE" };
    public static readonly Option<bool> PasswordFromInput = new("--password-stdin") { Description = "Read the password from standard input" };

    public static bool Given(Invocation invocation) => invocation.Value(FromInput) || invocation.Value(FromFile) is not null;

    /// <summary>The client secret from wherever it was offered, or null.</summary>
    public static string? Client(Invocation invocation)
    {
        if (invocation.Value(FromInput) && invocation.Value(FromFile) is not null)
            throw CliException.Usage("--secret-stdin and --secret-file name two secrets; one is needed.");
        return invocation.Value(FromInput) ? Input("secret", invocation) : FileOrVariable(invocation);
    }

    /// <summary>The same, where standard input holds something else.</summary>
    public static string? FileOrVariable(Invocation invocation)
    {
        if (invocation.Value(FromFile) is { } file)
            return InFile(file);
        return Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } secret ? secret : null;
    }

    /// <summary>Standard input up to its end, without the line end; on a terminal one line, not shown.</summary>
    public static string Input(string what, Invocation invocation)
    {
        if (!Console.IsInputRedirected)
            return Typed(what, invocation);
        var text = ReadAll(Console.OpenStandardInput(), "standard input");
        return text.Length > 0 ? text : throw Missing($"Standard input is empty; the {what} was expected there.");
    }

    public static string InFile(string file)
    {
        try
        {
            using var stream = File.OpenRead(file);
            var text = ReadAll(stream, file);
            return text.Length > 0 ? text : throw Missing($"The file '{file}' is empty; a secret was expected there.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Missing($"The file '{file}' cannot be read: {failure.Message}");
        }
    }

    private static string ReadAll(Stream stream, string what)
    {
        using var reader = new StreamReader(stream, new UTF8Encoding(false));
        var buffer = new char[MaxLength];
        var length = reader.ReadBlock(buffer);
        if (length == MaxLength)
            throw Missing($"{what} holds more than {MaxLength} characters; that is no secret.");
        var text = new string(buffer, 0, length);
        return text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2]
            : text.EndsWith('\n') ? text[..^1]
            : text;
    }

    private static string Typed(string what, Invocation invocation)
    {
        invocation.Terminal.Error.Write($"{what}: ");
        var typed = new StringBuilder();
        for (var key = Console.ReadKey(intercept: true); key.Key != ConsoleKey.Enter; key = Console.ReadKey(intercept: true))
            if (key.Key == ConsoleKey.Backspace)
                typed.Length = Math.Max(0, typed.Length - 1);
            else if (!char.IsControl(key.KeyChar))
                typed.Append(key.KeyChar);
        invocation.Terminal.Error.WriteLine();
        return typed.ToString();
    }

    private static CliException Missing(string message) => new(new(Reason.NotASecretSource, message));
}
