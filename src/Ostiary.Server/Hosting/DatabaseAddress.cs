namespace Ostiary.Server.Hosting;

/// <summary>The address of a database as it was given: it may hold a password, so it is never printed.</summary>
public sealed class DatabaseAddress(string text, string? passwordFile)
{
    public string Text => text;

    /// <summary>A file whose first line is the password, or null.</summary>
    public string? PasswordFile => passwordFile;

    public override string ToString() => "(an address of a database)";
}
