using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Ostiary.Server.Configuration;

/// <summary>Where a secret is: <c>{"file": "path"}</c> or <c>{"env": "NAME"}</c>. Configuration holds the reference, never the secret.</summary>
/// <param name="Kind"><c>file</c> or <c>env</c>.</param>
/// <param name="Name">The path or the name of the variable.</param>
public sealed record SecretReference(string Kind, string Name)
{
    public override string ToString() => $"{Kind}:{Name}";

    internal static SecretReference? Read(DocumentReader reader, string member)
    {
        if (!reader.TryGet(member, out var element))
            return null;
        var path = reader.At(member);
        if (element.ValueKind == JsonValueKind.String)
        {
            reader.Refuse(member, "secrets do not stand in a configuration.", "Write {\"file\": \"path\"} or {\"env\": \"NAME\"}.");
            return null;
        }
        var inner = new DocumentReader(element, path, reader.Faults);
        var file = inner.Text("file", 4096);
        var env = inner.Text("env", 200);
        inner.Finish();
        if (!inner.IsObject)
            return null;
        if ((file is null) == (env is null))
        {
            reader.Refuse(member, "needs exactly one of file and env.");
            return null;
        }
        return file is not null ? new("file", file) : new("env", env!);
    }
}

/// <summary>Who can look a reference up: the process that read the configuration file, never the server for somebody else.</summary>
public interface ISecretSource
{
    bool TryRead(SecretReference reference, [NotNullWhen(true)] out string? secret);
}

/// <summary>Secrets that came along with a configuration, by reference.</summary>
public sealed class SuppliedSecrets(IReadOnlyDictionary<string, string> secrets) : ISecretSource
{
    public static SuppliedSecrets None { get; } = new(new Dictionary<string, string>());

    public bool TryRead(SecretReference reference, [NotNullWhen(true)] out string? secret) => secrets.TryGetValue(reference.ToString(), out secret);
}

/// <summary>Secrets of this machine: files relative to the configuration file, and environment variables. One line end at the end of a file does not count.</summary>
public sealed class LocalSecrets(string directory) : ISecretSource
{
    private const int MaxLength = 4096;

    public bool TryRead(SecretReference reference, [NotNullWhen(true)] out string? secret)
    {
        secret = reference.Kind == "env" ? Environment.GetEnvironmentVariable(reference.Name) : ReadFile(Path.Combine(directory, reference.Name));
        return !string.IsNullOrEmpty(secret);
    }

    private static string? ReadFile(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists || file.Length > MaxLength)
                return null;
            var text = File.ReadAllText(path);
            return text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2]
                : text.EndsWith('\n') ? text[..^1]
                : text;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
