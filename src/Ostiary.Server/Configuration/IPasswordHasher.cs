namespace Ostiary.Server.Configuration;

/// <summary>How passwords are kept. Administration hashes; people who sign in are checked elsewhere, behind a queue.</summary>
public interface IPasswordHasher
{
    /// <summary>Whether it is long enough, and short enough to be hashed.</summary>
    bool IsAcceptable(string password);

    /// <summary>A PHC string.</summary>
    string Hash(string password);

    bool Verify(string hash, string password);
}
