using System.Text.Json;
using Ostiary.Server.Clients;

namespace Ostiary.Server.Configuration;

/// <summary>The <c>issuer</c> member of a configuration: as it was written, and what it means.</summary>
internal sealed record SettingsDocument(JsonElement Declared, IssuerSettings Settings)
{
    public static SettingsDocument? Parse(JsonElement declared, string path, List<ConfigurationFault> faults)
    {
        var before = faults.Count;
        var reader = new DocumentReader(declared, path, faults);
        var unset = new IssuerSettings();
        var unsafeNames = Bounds.ReadAllowances(
            reader,
            "code_lifetime",
            "interaction_lifetime",
            "pushed_request_lifetime",
            "id_token_lifetime",
            "access_token_lifetime",
            "refresh_token_lifetime",
            "refresh_token_idle",
            "session_lifetime",
            "session_idle",
            "jwks_cache_lifetime",
            "key_rotation"
        );
        var profile = reader.Choice("profile", ClientNames.Profiles) ?? Profile.None;
        var settings = new IssuerSettings
        {
            DisplayName = reader.Display("display_name", 100),
            CodeLifetime = Bounds.Read(reader, "code_lifetime", unsafeNames) ?? unset.CodeLifetime,
            PushedRequestLifetime = Bounds.Read(reader, "pushed_request_lifetime", unsafeNames) ?? unset.PushedRequestLifetime,
            Profile = profile,
            RequirePushed = reader.Flag("require_pushed_authorization_requests") ?? profile == Profile.Fapi2,
            InteractionLifetime = Bounds.Read(reader, "interaction_lifetime", unsafeNames) ?? unset.InteractionLifetime,
            IdTokenLifetime = Bounds.Read(reader, "id_token_lifetime", unsafeNames) ?? unset.IdTokenLifetime,
            AccessTokenLifetime = Bounds.Read(reader, "access_token_lifetime", unsafeNames) ?? unset.AccessTokenLifetime,
            RefreshTokenLifetime = Bounds.Read(reader, "refresh_token_lifetime", unsafeNames) ?? unset.RefreshTokenLifetime,
            RefreshTokenIdle = Bounds.Read(reader, "refresh_token_idle", unsafeNames) ?? unset.RefreshTokenIdle,
            RefreshRetryWindow = Bounds.Read(reader, "refresh_retry_window", unsafeNames) ?? unset.RefreshRetryWindow,
            SessionLifetime = Bounds.Read(reader, "session_lifetime", unsafeNames) ?? unset.SessionLifetime,
            SessionIdle = Bounds.Read(reader, "session_idle", unsafeNames) ?? unset.SessionIdle,
            JwksCacheLifetime = Bounds.Read(reader, "jwks_cache_lifetime", unsafeNames) ?? unset.JwksCacheLifetime,
            KeyRotation = Bounds.Read(reader, "key_rotation", unsafeNames) ?? unset.KeyRotation,
            RequireDpopNonce = reader.Flag("require_dpop_nonce") ?? false,
            Registration = RegistrationDocument.Read(reader),
            AllowUnsafe = unsafeNames,
        };
        reader.Finish();
        return faults.Count == before ? new(declared.Clone(), settings) : null;
    }
}
