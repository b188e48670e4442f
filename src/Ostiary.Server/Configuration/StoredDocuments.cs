using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Apis;
using Ostiary.Server.Clients;
using Ostiary.Server.Registration;
using Ostiary.Server.Stores;
using Ostiary.Server.Users;

namespace Ostiary.Server.Configuration;

/// <summary>
/// Documents as they are kept: <c>declared</c> is what the operator wrote, verbatim, and beside it stands what the server knows: order, times, hashes.
/// No secret is among it: of client secrets the SHA-256 (and, for HMAC, the sealed text), of passwords the password hash.
/// </summary>
internal static class StoredDocuments
{
    public const string ClientKind = "client";
    public const string ApiKind = "api";
    public const string UserKind = "user";
    public const string SettingKind = "setting";
    public const string InitialTokenKind = "initial-token";
    public const string IssuerId = "issuer";
    public const string FenceId = "fence";

    /// <summary>A stored document is larger than the text it was made from, by what the server adds.</summary>
    private const int MaxLength = 2 * 1024 * 1024;

    public static string Write(SettingsDocument document) => Text(json => Declared(json, document.Declared));

    public static string Write(Fence fence) =>
        Text(json =>
        {
            json.WriteString("since", fence.Since);
            json.WriteString("backup_made_at", fence.BackupMade);
        });

    public static string Write(ApiDocument document) =>
        Text(json =>
        {
            Declared(json, document.Declared);
            json.WriteNumber("order", document.Order);
            json.WriteString("created_at", document.CreatedAt);
            if (document.Api.Secrets.IsEmpty)
                return;
            json.WriteStartArray("secrets");
            foreach (var secret in document.Api.Secrets)
                Write(json, secret);
            json.WriteEndArray();
        });

    public static string Write(ClientDocument document) =>
        Text(json =>
        {
            Declared(json, document.Declared);
            json.WriteNumber("order", document.Order);
            json.WriteString("created_at", document.CreatedAt);
            if (document.UpdatedAt is { } updated)
                json.WriteString("updated_at", updated);
            json.WriteStartArray("secrets");
            foreach (var secret in document.Client.Secrets)
                Write(json, secret);
            json.WriteEndArray();
            if (document.Registration is not { } registration)
                return;
            json.WriteStartObject("registration");
            json.WriteString("token_sha256", registration.TokenSha256);
            if (registration.InitialToken is { } initial)
                json.WriteString("initial_token", initial);
            json.WriteEndObject();
        });

    public static string Write(InitialToken token) =>
        Text(json =>
        {
            json.WriteString("sha256", token.Sha256);
            json.WriteString("created_at", token.CreatedAt);
            json.WriteString("expires_at", token.ExpiresAt);
            json.WriteNumber("uses_left", token.UsesLeft);
        });

    public static string Write(UserDocument document) =>
        Text(json =>
        {
            Declared(json, document.Declared);
            json.WriteNumber("order", document.Order);
            json.WriteString("subject", document.User.Subject);
            json.WriteString("created_at", document.User.CreatedAt);
            if (document.User.UpdatedAt is { } updated)
                json.WriteString("updated_at", updated);
            if (document.User.PasswordHash is { } hash)
                json.WriteString("password_hash", hash);
        });

    /// <summary>Reads all of them. Throws <see cref="StoreException"/> where one is not what this version writes.</summary>
    public static ConfigurationSet Read(DocumentSet stored)
    {
        var faults = new List<ConfigurationFault>();
        var set = ConfigurationSet.Empty;
        foreach (var document in stored.Documents)
        {
            if (document.Kind is ClientKind or ApiKind or UserKind or SettingKind or InitialTokenKind)
                set = Add(set, document, faults);
        }
        if (faults.Count > 0)
            throw new StoreException(Reason.StorageDamaged, "The stored configuration cannot be read: " + string.Join(" ", faults.Take(5)));
        return set;
    }

    private static ConfigurationSet Add(ConfigurationSet set, Document document, List<ConfigurationFault> faults)
    {
        var path = $"{document.Kind}/{document.Id}";
        if (!StrictJson.TryParseObject(Encoding.UTF8.GetBytes(document.Json), out var json, 40, MaxLength))
        {
            faults.Add(new(path, Reason.StorageDamaged, "is not a JSON object."));
            return set;
        }
        using (json)
        {
            var root = json.RootElement;
            var declared = root.TryGetProperty("declared", out var element) ? element : root;
            try
            {
                return document.Kind switch
                {
                    ClientKind when ClientDocument.Parse(declared, path, onLoopback: true, faults) is { } client => set.With(Complete(client, root)),
                    ApiKind when ApiDocument.Parse(declared, path, faults) is { } api => set.With(Complete(api, root)),
                    UserKind when UserDocument.Parse(declared, path, faults) is { } user => set.With(Complete(user, root)),
                    SettingKind when document.Id == IssuerId && SettingsDocument.Parse(declared, path, faults) is { } settings => set with
                    {
                        Settings = settings,
                    },
                    InitialTokenKind => set.With(ReadInitialToken(document.Id, root)),
                    SettingKind when document.Id == FenceId => set with { Fence = ReadFence(root) },
                    _ => set,
                };
            }
            catch (Exception e) when (e is InvalidOperationException or FormatException or KeyNotFoundException)
            {
                faults.Add(new(path, Reason.StorageDamaged, "has not the shape that this version writes."));
                return set;
            }
        }
    }

    private static Fence ReadFence(JsonElement root) => new(Time(root, "since") ?? default, Time(root, "backup_made_at") ?? default);

    private static ClientDocument Complete(ClientDocument client, JsonElement root) =>
        client with
        {
            Order = Order(root),
            CreatedAt = Time(root, "created_at") ?? default,
            UpdatedAt = Time(root, "updated_at"),
            Registration = root.TryGetProperty("registration", out var registration) ? ReadRegistration(registration) : null,
            Client = client.Client with
            {
                Registered = root.TryGetProperty("registration", out _),
                Secrets = root.TryGetProperty("secrets", out var list) ? [.. list.EnumerateArray().Select(ReadSecret)] : [],
            },
        };

    private static ClientRegistration ReadRegistration(JsonElement registration) =>
        new(
            registration.GetProperty("token_sha256").GetString()!,
            registration.TryGetProperty("initial_token", out var initial) ? initial.GetString() : null
        );

    private static InitialToken ReadInitialToken(string id, JsonElement token) =>
        new(
            id,
            token.GetProperty("sha256").GetString()!,
            Time(token, "created_at") ?? default,
            Time(token, "expires_at") ?? default,
            token.GetProperty("uses_left").GetInt64()
        );

    private static ApiDocument Complete(ApiDocument api, JsonElement root) =>
        api with
        {
            Order = Order(root),
            CreatedAt = Time(root, "created_at") ?? default,
            Api = api.Api with { Secrets = root.TryGetProperty("secrets", out var list) ? [.. list.EnumerateArray().Select(ReadApiSecret)] : [] },
        };

    private static UserDocument Complete(UserDocument user, JsonElement root) =>
        user with
        {
            Order = Order(root),
            User = user.User with
            {
                Subject = root.GetProperty("subject").GetString()!,
                PasswordHash = root.TryGetProperty("password_hash", out var hash) ? hash.GetString() : null,
                CreatedAt = Time(root, "created_at") ?? default,
                UpdatedAt = Time(root, "updated_at"),
            },
        };

    private static void Write(Utf8JsonWriter json, ClientSecret secret)
    {
        json.WriteStartObject();
        json.WriteString("id", secret.Id);
        json.WriteString("sha256", secret.Sha256);
        json.WriteString("created_at", secret.CreatedAt);
        if (secret.ExpiresAt is { } expires)
            json.WriteString("expires_at", expires);
        if (secret.Sealed is { } sealedText)
            json.WriteString("sealed", sealedText);
        json.WriteEndObject();
    }

    private static ClientSecret ReadSecret(JsonElement secret) =>
        new(
            secret.GetProperty("id").GetString()!,
            secret.GetProperty("sha256").GetString()!,
            Time(secret, "created_at") ?? default,
            Time(secret, "expires_at"),
            secret.TryGetProperty("sealed", out var text) ? text.GetString() : null
        );

    private static void Write(Utf8JsonWriter json, ApiSecret secret)
    {
        json.WriteStartObject();
        json.WriteString("id", secret.Id);
        json.WriteString("created_at", secret.CreatedAt);
        json.WriteString("signs_from", secret.SignsFrom);
        json.WriteString("sealed", secret.Sealed);
        json.WriteEndObject();
    }

    private static ApiSecret ReadApiSecret(JsonElement secret) =>
        new(
            secret.GetProperty("id").GetString()!,
            Time(secret, "created_at") ?? default,
            Time(secret, "signs_from") ?? default,
            secret.GetProperty("sealed").GetString()!
        );

    private static int Order(JsonElement root) => root.TryGetProperty("order", out var order) ? order.GetInt32() : 0;

    private static DateTimeOffset? Time(JsonElement root, string name) =>
        root.TryGetProperty(name, out var time)
            ? DateTimeOffset.Parse(time.GetString()!, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind)
            : null;

    private static void Declared(Utf8JsonWriter json, JsonElement declared)
    {
        json.WritePropertyName("declared");
        declared.WriteTo(json);
    }

    private static string Text(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
