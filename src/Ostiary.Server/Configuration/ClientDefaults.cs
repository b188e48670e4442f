using System.Collections.Immutable;
using Ostiary.Server.Clients;

namespace Ostiary.Server.Configuration;

/// <summary>What a client of a type is where its registration does not say it.</summary>
internal sealed record ClientDefaults(ClientAuthenticationMethod Method, ImmutableArray<string> GrantTypes)
{
    private static readonly ClientDefaults Web = new(
        ClientAuthenticationMethod.ClientSecretBasic,
        [ClientNames.AuthorizationCode, ClientNames.RefreshToken]
    );
    private static readonly ClientDefaults Public = new(ClientAuthenticationMethod.None, [ClientNames.AuthorizationCode, ClientNames.RefreshToken]);
    private static readonly ClientDefaults Service = new(ClientAuthenticationMethod.ClientSecretBasic, [ClientNames.ClientCredentials]);
    private static readonly ClientDefaults Device = new(ClientAuthenticationMethod.None, [ClientNames.DeviceCode, ClientNames.RefreshToken]);

    public static ClientDefaults Of(ClientType type) =>
        type switch
        {
            ClientType.Web => Web,
            ClientType.Service => Service,
            ClientType.Device => Device,
            _ => Public,
        };
}
