using Ostiary.Protocol.Reasons;
using Ostiary.Server.Clients;

namespace Ostiary.Server.Configuration;

/// <summary>What a profile asks of the settings of a client: where it is violated, why, and what to write instead.</summary>
internal sealed record Demand(string Setting, string Text, string Spec, string Try, Func<Client, IssuerSettings, bool> Holds);

/// <summary>
/// The FAPI 2.0 Security Profile as one table. What this server does for every client anyway is not in it: codes once and bound, PKCE by S256 only, the issuer in
/// every answer, no implicit and no password grant, clocks that differ by ten seconds, redirect URIs compared as strings.
/// </summary>
internal static class Fapi2
{
    public const string Name = "fapi2";

    /// <summary>FAPI 2.0 Security Profile §5.4.1</summary>
    public static readonly string[] Algorithms = ["PS256", "ES256", "EdDSA", "Ed25519"];
    private static readonly TimeSpan LongestCode = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan EndOfPushed = TimeSpan.FromSeconds(600);

    // csharpier-ignore
    private static readonly Demand[] OfClients =
    [
        new("token_endpoint_auth_method",            "a client authenticates with a key of its own",                     "FAPI 2.0 Security Profile §5.3.2.1", "\"token_endpoint_auth_method\": \"private_key_jwt\", or tls_client_auth", (c, s) => c.AuthenticationMethod == ClientAuthenticationMethod.PrivateKeyJwt || c.AuthenticationMethod.IsCertificate()),
        new("token_endpoint_auth_signing_alg",       "its assertions are signed by PS256, ES256 or EdDSA",               "FAPI 2.0 Security Profile §5.4.1",   "\"token_endpoint_auth_signing_alg\": \"ES256\"",      (c, s) => c.AssertionAlgorithm is null || Algorithms.Contains(c.AssertionAlgorithm)),
        new("assertion_audience",                    "its assertions name the issuer as their only audience",            "FAPI 2.0 Security Profile §5.3.2.1", "\"assertion_audience\": \"issuer\"",                  (c, s) => c.AssertionAudience == AssertionAudience.Issuer),
        new("refresh_token_rotation",                "refresh tokens do not rotate",                                     "FAPI 2.0 Security Profile §5.3.2.1", "\"refresh_token_rotation\": \"auto\"",                (c, s) => c.Rotation != RefreshTokenRotation.Always),
        new("require_pushed_authorization_requests", "authorization requests are pushed",                                "FAPI 2.0 Security Profile §5.3.2.2", "leave it out: the profile sets it",                   (c, s) => c.RequirePushed),
        new("require_pkce",                          "PKCE is required",                                                 "FAPI 2.0 Security Profile §5.3.2.2", "\"require_pkce\": true",                              (c, s) => c.RequirePkce),
        new("dpop_bound_access_tokens",              "tokens are bound to a key of their sender",                        "FAPI 2.0 Security Profile §5.3.2.1", "\"dpop_bound_access_tokens\": true, or tls_client_certificate_bound_access_tokens", (c, s) => c.DpopBound || c.CertificateBound || s.Profile == Profile.Fapi2),
        new("redirect_uris",                         "redirect URIs are https, but for native apps on loopback",         "FAPI 2.0 Security Profile §5.3.2.2", "an https address",                                    (c, s) => c.RedirectUris.All(uri => IsAcceptable(uri, c))),
        new("request_object_signing_alg",            "request objects are signed by PS256, ES256 or EdDSA",              "FAPI 2.0 Security Profile §5.4.1",   "\"request_object_signing_alg\": \"ES256\"",           (c, s) => c.RequestObjectAlgorithm is null || Algorithms.Contains(c.RequestObjectAlgorithm)),
        new("id_token_signed_response_alg",          "ID tokens are signed by PS256, ES256 or EdDSA",                    "FAPI 2.0 Security Profile §5.4.1",   "\"id_token_signed_response_alg\": \"ES256\"",         (c, s) => Algorithms.Contains(c.IdTokenAlgorithm)),
        new("code_lifetime",                         "authorization codes live no longer than 60 seconds (a setting of the issuer)", "FAPI 2.0 Security Profile §5.3.2.1", "\"code_lifetime\": \"60s\"",      (c, s) => s.CodeLifetime <= LongestCode),
        new("pushed_request_lifetime",               "the address of a pushed request lives less than 600 seconds (a setting of the issuer)", "FAPI 2.0 Security Profile §5.3.2.2", "\"pushed_request_lifetime\": \"60s\"", (c, s) => s.PushedRequestLifetime < EndOfPushed),
    ];

    /// <summary>The client as the profile makes it: what it leaves unsaid is what the profile demands, also where the profile is the issuer's.</summary>
    public static Client Applied(Client client, IssuerSettings settings)
    {
        if (client.Profile != Profile.Fapi2 && settings.Profile != Profile.Fapi2)
            return client;
        return client with
        {
            Profile = Profile.Fapi2,
            RequirePushed = true,
            DpopBound = !client.CertificateBound,
            Rotation = RefreshTokenRotation.Never,
        };
    }

    /// <summary>Each demand that one of these clients under the profile violates, with its section.</summary>
    public static void Check(ConfigurationSet set, IEnumerable<ClientDocument> clients, List<ConfigurationFault> faults)
    {
        var settings = set.Settings?.Settings ?? new IssuerSettings();
        foreach (var client in clients.Select(c => c.Client))
        {
            if (client.Profile != Profile.Fapi2 && settings.Profile != Profile.Fapi2)
                continue;
            foreach (var demand in OfClients.Where(demand => !demand.Holds(client, settings) && Concerns(demand, client)))
                faults.Add(
                    new(
                        $"clients[{client.Id}].{demand.Setting}",
                        Reason.ProfileViolated,
                        $"the profile {Name} demands: {demand.Text} ({demand.Spec}).",
                        $"Write {demand.Try}."
                    )
                );
        }
    }

    /// <summary>What is about sign-ins does not concern a client that signs nobody in.</summary>
    private static bool Concerns(Demand demand, Client client) =>
        client.May(ClientNames.AuthorizationCode)
        || demand.Setting
            is not (
                "require_pushed_authorization_requests"
                or "require_pkce"
                or "id_token_signed_response_alg"
                or "code_lifetime"
                or "pushed_request_lifetime"
            );

    private static bool IsAcceptable(string uri, Client client) =>
        uri.StartsWith("https://", StringComparison.Ordinal) || client.Type is ClientType.Native or ClientType.Mcp;
}
