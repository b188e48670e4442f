using Ostiary.Protocol;
using Ostiary.Server.Clients;

namespace Ostiary.Server.Configuration;

/// <summary>Makes secrets and takes them in: what leaves here to be kept are hashes, and for HMAC the sealed text.</summary>
internal sealed class CredentialIntake(ClientSecrets secrets)
{
    public static string NewSubject() => "usr_" + Entropy.Text(16);

    /// <summary>256 random bits, with prefix and checksum; the text is shown once and never again.</summary>
    public (ClientSecret Kept, string Text) Make(Client client, DateTimeOffset now)
    {
        var text = CredentialText.Format(CredentialText.ClientSecret, Entropy.Bytes(32));
        return (Keep("sec_" + Entropy.Text(6), text, client, now), text);
    }

    public ClientSecret Keep(string id, string text, Client client, DateTimeOffset now) =>
        new(id, ClientSecrets.Hash(text), now, null, NeedsText(client) ? secrets.Seal(text) : null);

    /// <summary>Whether a kept secret does all that the client needs of it.</summary>
    public static bool Serves(ClientSecret secret, Client client) => !NeedsText(client) || secret.Sealed is not null;

    /// <summary>Why a secret that somebody brings is refused, or null.</summary>
    public static string? WeaknessOf(string text)
    {
        if (text.Length < 32) // RFC 6819 §5.1.4.2.2
            return "a secret has at least 32 characters; let the server make one, or take 32 random bytes as base64url.";
        if (text.Length > ClientSecrets.MaxLength)
            return $"a secret has at most {ClientSecrets.MaxLength} characters.";
        if (text.Any(c => c is < ' ' or > '~')) // RFC 6749 §2.3.1
            return "a secret is printable ASCII.";
        return text.Distinct().Count() < 8 ? "the secret repeats a few characters; take random ones." : null;
    }

    // OIDC Core §10.1
    private static bool NeedsText(Client client) =>
        client.IdTokenAlgorithm == "HS256" || client.AuthenticationMethod == ClientAuthenticationMethod.ClientSecretJwt;
}
