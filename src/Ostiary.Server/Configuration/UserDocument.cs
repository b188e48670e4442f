using System.Collections.Immutable;
using System.Text.Json;
using Ostiary.Server.Claims;
using Ostiary.Server.Users;

namespace Ostiary.Server.Configuration;

/// <summary>A user of a configuration: as it was written, what it means, and where the password comes from.</summary>
internal sealed record UserDocument(JsonElement Declared, User User)
{
    /// <summary>Beside those of tokens, the claims that the server itself answers for.</summary>
    private static readonly string[] OwnClaims = ["username", "updated_at", "_claim_names", "_claim_sources"];

    private const string Verified = "email_verified";
    private static readonly string[] Members = ["email", Verified, "preferred_username"];

    public int Order { get; init; }
    public SecretReference? Password { get; init; }

    public static UserDocument? Parse(JsonElement declared, string path, List<ConfigurationFault> faults)
    {
        var before = faults.Count;
        var reader = new DocumentReader(declared, path, faults);
        var username = reader.Text("username", 254);
        if (username is null && reader.IsObject && !reader.Has("username"))
            reader.Refuse("username", "is missing.");
        else if (username is not null && !username.All(c => c is > ' ' and <= '~' and not '"' and not '\\' and not '<' and not '>'))
            reader.Refuse("username", "must be printable ASCII without spaces, quotation marks and brackets.");
        var email = reader.Text("email", 254);
        if (email is not null && !IsEmail(email))
            reader.Refuse("email", "is not an e-mail address.");
        var password = SecretReference.Read(reader, "password");
        var user = new User
        {
            Subject = "",
            Username = username ?? "",
            Email = email,
            EmailVerified = reader.Flag("email_verified") ?? SaysVerified(reader),
            Disabled = reader.Flag("disabled") ?? false,
            Claims = ReadClaims(reader),
        };
        reader.Finish();
        return faults.Count == before ? new(declared.Clone(), user) { Password = password } : null;
    }

    /// <summary>It may also stand among the claims, where it goes out to clients.</summary>
    private static bool SaysVerified(DocumentReader reader) =>
        reader.TryGet("claims", out var claims)
        && claims.ValueKind == JsonValueKind.Object
        && claims.TryGetProperty(Verified, out var verified)
        && verified.ValueKind == JsonValueKind.True;

    private static ImmutableDictionary<string, JsonElement> ReadClaims(DocumentReader reader)
    {
        var claims = ImmutableDictionary.CreateBuilder<string, JsonElement>(StringComparer.Ordinal);
        if (!reader.TryGet("claims", out var element))
            return claims.ToImmutable();
        if (element.ValueKind != JsonValueKind.Object)
        {
            reader.Refuse("claims", "must be an object of claims by name.");
            return claims.ToImmutable();
        }
        foreach (var claim in element.EnumerateObject())
        {
            var at = $"claims.{DocumentReader.Shorten(claim.Name)}";
            if (UserClaims.Reserved.Contains(claim.Name) || OwnClaims.Contains(claim.Name, StringComparer.Ordinal))
                reader.Refuse(at, "this claim is the server's own and cannot be set."); // OIDC Core §2
            else if (claim is { Name: Verified, Value.ValueKind: JsonValueKind.True or JsonValueKind.False })
                continue;
            else if (Members.Contains(claim.Name, StringComparer.Ordinal))
                reader.Refuse(at, "this claim comes from the user itself.", "Set the member email, email_verified or username of the user.");
            else if (claim.Name.Length is 0 or > 200 || claim.Name.Any(c => c is <= ' ' or > '~'))
                reader.Refuse(at, "a claim's name is 1 to 200 printable ASCII characters without spaces.");
            else if (claims.Count == DocumentReader.MaxItems)
                reader.Refuse("claims", $"has more than {DocumentReader.MaxItems} entries.");
            else if (claim.Value.ValueKind == JsonValueKind.Null)
                reader.Refuse(at, "must not be null; leave it out."); // OIDC Core §5.3.2
            else
                claims[claim.Name] = claim.Value.Clone();
        }
        return claims.ToImmutable();
    }

    private static bool IsEmail(string text)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        return at > 0
            && at == text.LastIndexOf('@')
            && at < text.Length - 1
            && text.All(c => c is > ' ' and <= '~' and not '"' and not '\\' and not '<' and not '>' and not ',');
    }
}
