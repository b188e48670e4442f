using Ostiary.Server.Users;

namespace Ostiary.Server.Configuration;

/// <summary>Keeps a stronger hash of the same password in the user's document, if nobody has changed the password meanwhile.</summary>
internal sealed class PasswordUpdates(LiveConfiguration configuration) : IPasswordUpdates
{
    public async ValueTask RehashedAsync(string subject, string oldHash, string newHash, CancellationToken ct)
    {
        await configuration.TryChangeAsync(
            set =>
                set.Users.TryGetValue(subject, out var document) && document.User.PasswordHash == oldHash
                    ? set.With(document with { User = document.User with { PasswordHash = newHash } })
                    : set,
            expectedRevision: null,
            ct
        );
    }
}
