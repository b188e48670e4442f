using Ostiary.Server.Configuration;

namespace Ostiary.Server.Users;

/// <summary>Passwords as administration keeps them.</summary>
internal sealed class PasswordHasher : IPasswordHasher
{
    public bool IsAcceptable(string password) => PasswordHash.IsAcceptable(password);

    public string Hash(string password) => PasswordHash.Create(password);

    public bool Verify(string hash, string password) => PasswordHash.Verify(hash, password);
}
