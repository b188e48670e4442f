using Ostiary.Server.Apis;

namespace Ostiary.Server.Configuration;

/// <summary>This server's own API: always there, never configured. Clients may ask for its scope where their registration names it.</summary>
public static class AdministrationApi
{
    public static string IdentifierOf(IssuerUrl issuer) => issuer.At("/admin");

    internal static Api Of(IssuerUrl issuer) =>
        new()
        {
            Identifier = IdentifierOf(issuer),
            Name = "Administration",
            Scopes = [new(KnownScopes.Administration, "Administer this server")],
        };
}
