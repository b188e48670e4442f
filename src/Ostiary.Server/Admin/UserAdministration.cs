using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;
using Ostiary.Server.Users;

namespace Ostiary.Server.Admin;

/// <summary>Users: create, read, change, disable, delete, set the password. A user is named by user name or by subject.</summary>
internal sealed class UserAdministration(AdminParts parts, ConfigurationChanges changes)
{
    private const string Password = "password";

    public IEnumerable<AdminRoute> Routes =>
        [
            new("GET", "/users", "user.list", ListAsync, "limit", "cursor"),
            new("POST", "/users", "user.create", CreateAsync),
            new("GET", "/users/{name}", "user.get", GetAsync),
            new("PATCH", "/users/{name}", "user.update", UpdateAsync),
            new("DELETE", "/users/{name}", "user.delete", DeleteAsync),
            new("POST", "/users/{name}/disable", "user.disable", DisableAsync),
            new("POST", "/users/{name}/enable", "user.enable", EnableAsync),
            new("PUT", "/users/{name}/password", "user.set-password", SetPasswordAsync),
        ];

    private ValueTask<AdminResponse> ListAsync(AdminCall call, CancellationToken ct) =>
        ValueTask.FromResult(
            Lists.Page(call, parts.Configuration.CurrentSet.Users.Values, u => u.User.Username, Write, parts.Configuration.Current.Revision)
        );

    private ValueTask<AdminResponse> GetAsync(AdminCall call, CancellationToken ct)
    {
        if (Find(parts.Configuration.CurrentSet, call.Id) is not { } user)
            return ValueTask.FromResult(AdminResponse.Refused(NotFound(call.Id)));
        call.Subject = user.User.Subject;
        return ValueTask.FromResult(AdminResponse.Object(200, json => Write(json, user)) with { Revision = parts.Configuration.Current.Revision });
    }

    private async ValueTask<AdminResponse> CreateAsync(AdminCall call, CancellationToken ct)
    {
        var faults = new List<ConfigurationFault>();
        var declared = call.Body;
        var password = TakePassword(ref declared, faults);
        var user = UserDocument.Parse(declared, "", faults);
        if (user is null || faults.Count > 0)
            return AdminResponse.Refused(AdminRefusal.Of(faults));
        call.Item = user.User.Username;
        var created = user.User with
        {
            Subject = call.Subject = CredentialIntake.NewSubject(),
            PasswordHash = password is null ? null : PasswordHash.Create(password),
            CreatedAt = parts.Now,
        };
        var outcome = await changes.MakeAsync(
            call,
            set =>
                set.UserByName(created.Username) is not null
                    ? new ConfigurationFault("", Reason.AlreadyExists, $"user '{created.Username}' already exists")
                    : set.With(user with { User = created, Order = set.NextOrder }),
            ct
        );
        if (outcome.Snapshot is null)
            return AdminResponse.Refused(AdminRefusal.Of(outcome.Faults));
        call.Change = "created";
        return AdminResponse.Object(201, json => Write(json, user with { User = created })) with
        {
            Revision = outcome.Snapshot.Revision,
            Location = "/users/" + Uri.EscapeDataString(created.Username),
        };
    }

    private async ValueTask<AdminResponse> UpdateAsync(AdminCall call, CancellationToken ct)
    {
        if (call.Body.TryGetProperty(Password, out _))
            return AdminResponse.Refused(
                new(Reason.ConfigurationInvalid, "password: it is not changed here.", "Set it by itself.")
                {
                    Next = [$"ostiary user set-password {call.Id}"],
                }
            );
        return await ChangeAsync(call, user => JsonMerge.Apply(user.Declared, call.Body), null, "updated", ct);
    }

    private ValueTask<AdminResponse> DisableAsync(AdminCall call, CancellationToken ct) =>
        ChangeAsync(call, user => JsonMerge.With(user.Declared, "disabled", json => json.WriteBooleanValue(true)), null, "disabled", ct);

    private ValueTask<AdminResponse> EnableAsync(AdminCall call, CancellationToken ct) =>
        ChangeAsync(call, user => JsonMerge.Without(user.Declared, "disabled"), null, "enabled", ct);

    /// <summary>A new password signs the person out everywhere and ends all grants: whoever knew the old one is out.</summary>
    private async ValueTask<AdminResponse> SetPasswordAsync(AdminCall call, CancellationToken ct)
    {
        string? password = null;
        var refusal = call.Read(reader =>
        {
            password = reader.Text(Password, 4096);
            if (!reader.Has(Password))
                reader.Refuse(Password, "is missing.");
            else if (password is not null && !PasswordHash.IsAcceptable(password))
                reader.Refuse(Password, "is empty or longer than 1024 bytes.", null, Reason.WeakSecret);
        });
        if (refusal is not null)
            return AdminResponse.Refused(refusal);
        var hash = PasswordHash.Create(password!);
        return await ChangeAsync(call, user => JsonMerge.Without(user.Declared, Password), hash, "password set", ct);
    }

    private async ValueTask<AdminResponse> DeleteAsync(AdminCall call, CancellationToken ct)
    {
        var name = call.Id;
        var outcome = await changes.MakeAsync(
            call,
            set =>
            {
                if (Find(set, name) is not { } user)
                    return new ConfigurationFault("", Reason.UserNotFound, "");
                call.Subject = user.User.Subject;
                return set with { Users = set.Users.Remove(user.User.Subject) };
            },
            ct
        );
        if (outcome.Snapshot is null)
            return Refused(outcome, name);
        call.Change = "deleted";
        return AdminResponse.Deleted(
            outcome.Snapshot.Revision,
            ("username", outcome.Before.Users[call.Subject!].User.Username),
            ("sub", call.Subject!)
        );
    }

    private async ValueTask<AdminResponse> ChangeAsync(
        AdminCall call,
        Func<UserDocument, JsonElement> change,
        string? passwordHash,
        string what,
        CancellationToken ct
    )
    {
        var outcome = await changes.MakeAsync(
            call,
            set =>
            {
                if (Find(set, call.Id) is not { } before)
                    return new ConfigurationFault("", Reason.UserNotFound, "");
                var faults = new List<ConfigurationFault>();
                var after = UserDocument.Parse(change(before), "", faults);
                if (after is null)
                    return faults;
                call.Subject = before.User.Subject;
                var user = after.User with
                {
                    Subject = before.User.Subject,
                    PasswordHash = passwordHash ?? before.User.PasswordHash,
                    CreatedAt = before.User.CreatedAt,
                    UpdatedAt = parts.Now,
                };
                return set.With(after with { Order = before.Order, User = user });
            },
            ct
        );
        if (outcome.Snapshot is null)
            return Refused(outcome, call.Id);
        call.Change = what;
        return AdminResponse.Object(200, json => Write(json, outcome.After.Users[call.Subject!])) with { Revision = outcome.Snapshot.Revision };
    }

    /// <summary>Takes a password out of the settings: it is never kept with them.</summary>
    private static string? TakePassword(ref JsonElement declared, List<ConfigurationFault> faults)
    {
        if (!declared.TryGetProperty(Password, out var value))
            return null;
        declared = JsonMerge.Without(declared, Password);
        if (value.ValueKind != JsonValueKind.String)
            faults.Add(new(Password, Reason.NotASecretSource, "must be the password itself: the server reads no files and variables for others."));
        else if (!PasswordHash.IsAcceptable(value.GetString()!))
            faults.Add(new(Password, Reason.WeakSecret, "is empty or longer than 1024 bytes."));
        return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }

    private AdminResponse Refused(ChangeOutcome outcome, string name) =>
        AdminResponse.Refused(outcome.Faults[0].Reason == Reason.UserNotFound ? NotFound(name) : AdminRefusal.Of(outcome.Faults));

    private AdminRefusal NotFound(string name)
    {
        var closest = ClosestName.Of(name, parts.Configuration.CurrentSet.Users.Values.Select(u => u.User.Username));
        return new(
            Reason.UserNotFound,
            $"user '{DocumentReader.Shorten(name)}' does not exist on {parts.Configuration.Issuer}",
            closest is null ? null : $"The closest is '{closest}'."
        )
        {
            Next = ["ostiary user list"],
        };
    }

    private static UserDocument? Find(ConfigurationSet set, string name) => set.Users.GetValueOrDefault(name) ?? set.UserByName(name);

    private static void Write(Utf8JsonWriter json, UserDocument document)
    {
        var user = document.User;
        json.WriteString("username", user.Username);
        json.WriteString("sub", user.Subject);
        AdminJson.Text(json, "email", user.Email);
        json.WriteBoolean("email_verified", user.EmailVerified);
        json.WriteBoolean("disabled", user.Disabled);
        json.WriteBoolean("has_password", user.PasswordHash is not null);
        json.WriteStartObject("claims");
        foreach (var (name, value) in user.Claims.OrderBy(c => c.Key, StringComparer.Ordinal))
        {
            json.WritePropertyName(name);
            value.WriteTo(json);
        }
        json.WriteEndObject();
        AdminJson.Time(json, "created_at", user.CreatedAt);
        AdminJson.Time(json, "updated_at", user.UpdatedAt);
    }
}
