using System.Text;
using System.Text.Json;
using Ostiary.Cli.Administration;
using Ostiary.Cli.Commands;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;
using Ostiary.Protocol.Jose;

namespace Ostiary.Cli.Remote;

/// <summary>What a sign-in with the command line left on this machine.</summary>
internal sealed record KeptLogin
{
    public required string Issuer { get; init; }
    public required string ClientId { get; init; }
    public required string AccessToken { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public required string Scope { get; init; }
    public string? RefreshToken { get; init; }

    /// <summary>The file with the key that the tokens are bound to; null: bearer tokens.</summary>
    public string? KeyFile { get; init; }

    /// <summary>What a token answer says, after what was there before. RFC 6749 §6</summary>
    public static KeptLogin Of(JsonElement answer, string issuer, string clientId, string? keyFile, KeptLogin? before, DateTimeOffset now) =>
        new()
        {
            Issuer = issuer,
            ClientId = clientId,
            AccessToken = Text(answer, "access_token") ?? throw CliException.Input($"{issuer} answered without an access token."),
            ExpiresAt = now.AddSeconds(answer.TryGetProperty("expires_in", out var seconds) && seconds.TryGetInt64(out var number) ? number : 0),
            Scope = Text(answer, "scope") ?? before?.Scope ?? "",
            RefreshToken = Text(answer, "refresh_token") ?? before?.RefreshToken,
            KeyFile = keyFile,
        };

    internal static KeptLogin? Read(JsonElement kept) =>
        Text(kept, "issuer") is { } issuer
        && Text(kept, "client_id") is { } client
        && Text(kept, "access_token") is { } token
        && kept.TryGetProperty("expires_at", out var expires)
        && expires.TryGetDateTimeOffset(out var at)
            ? new()
            {
                Issuer = issuer,
                ClientId = client,
                AccessToken = token,
                ExpiresAt = at,
                Scope = Text(kept, "scope") ?? "",
                RefreshToken = Text(kept, "refresh_token"),
                KeyFile = Text(kept, "key_file"),
            }
            : null;

    internal void WriteTo(Utf8JsonWriter json)
    {
        json.WriteString("issuer", Issuer);
        json.WriteString("client_id", ClientId);
        json.WriteString("access_token", AccessToken);
        json.WriteString("expires_at", ExpiresAt);
        json.WriteString("scope", Scope);
        if (RefreshToken is not null)
            json.WriteString("refresh_token", RefreshToken);
        if (KeyFile is not null)
            json.WriteString("key_file", KeyFile);
    }

    private static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}

/// <summary><c>~/.config/ostiary/credentials.json</c>: the sign-ins by name, for the owner of the file alone.</summary>
internal static class KeptLogins
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static string File => Path.Combine(Profile.Directory, "credentials.json");

    public static bool AreOfTheirOwnerAlone => (System.IO.File.GetUnixFileMode(File) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) == 0;

    public static KeptLogin? Find(string name) => All().GetValueOrDefault(name);

    /// <summary>Keeps a sign-in under a name, or with null forgets the one that is there.</summary>
    public static void Keep(string name, KeptLogin? login)
    {
        var all = All();
        if (login is null)
            all.Remove(name);
        else
            all[name] = login;
        var text = JsonForms.Indented(
            JsonForms.Object(json =>
            {
                foreach (var (key, kept) in all)
                {
                    json.WriteStartObject(key);
                    kept.WriteTo(json);
                    json.WriteEndObject();
                }
            })
        );
        var beside = $"{File}.{Environment.ProcessId}";
        try
        {
            MakeDirectory();
            using (var file = new FileStream(beside, Created(FileMode.Create)))
                file.Write(Encoding.UTF8.GetBytes(text + "\n"));
            System.IO.File.Move(beside, File, overwrite: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Unkept(failure);
        }
    }

    /// <summary>
    /// Nobody else reads and writes sign-ins meanwhile: a refresh token that was used up by another process would end its sign-in, and what two write at once is
    /// there only once.
    /// </summary>
    public static async Task<IDisposable> AloneAsync(CancellationToken ct)
    {
        const int WouldBlock = 11;
        MakeDirectory();
        while (true)
            try
            {
                return new FileStream(File + ".lock", Created(FileMode.OpenOrCreate));
            }
            catch (IOException held) when (held.HResult == WouldBlock)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), ct);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw Unkept(failure);
            }
    }

    public static void MakeDirectory()
    {
        try
        {
            Directory.CreateDirectory(Profile.Directory, Owner | UnixFileMode.UserExecute);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Unkept(failure);
        }
    }

    private static CliException Unkept(Exception failure) =>
        CliException.Input($"Sign-ins cannot be kept in {File}: {failure.Message}", "XDG_CONFIG_HOME=DIR, with a directory that you may write");

    private static FileStreamOptions Created(FileMode mode) =>
        new()
        {
            Mode = mode,
            Access = FileAccess.Write,
            Share = FileShare.None,
            UnixCreateMode = Owner,
        };

    private static Dictionary<string, KeptLogin> All()
    {
        var all = new Dictionary<string, KeptLogin>(StringComparer.Ordinal);
        if (!System.IO.File.Exists(File))
            return all;
        if (!AreOfTheirOwnerAlone)
            throw CliException.Input($"{File} can be read by others, and holds tokens.", $"chmod 600 {File}");
        if (!StrictJson.TryParseObject(JsonInput.Read(File), out var document))
            throw CliException.Input($"{File} is not a JSON object.", $"remove {File}, then: ostiary login URL");
        using (document)
            foreach (var kept in document.RootElement.EnumerateObject())
                if (KeptLogin.Read(kept.Value) is { } login)
                    all[kept.Name] = login;
        return all;
    }
}
