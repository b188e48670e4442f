using Ostiary.Server.Admin;
using Ostiary.Server.Authorize;
using Ostiary.Server.CheckSession;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;
using Ostiary.Server.DeviceAuthorization;
using Ostiary.Server.Discovery;
using Ostiary.Server.EndSession;
using Ostiary.Server.Hosting;
using Ostiary.Server.Http;
using Ostiary.Server.Introspection;
using Ostiary.Server.Keys;
using Ostiary.Server.Outbound;
using Ostiary.Server.Pages;
using Ostiary.Server.Registration;
using Ostiary.Server.Revocation;
using Ostiary.Server.Senders;
using Ostiary.Server.Sessions;
using Ostiary.Server.Stores;
using Ostiary.Server.Token;
using Ostiary.Server.Tokens;
using Ostiary.Server.UserInfo;
using Ostiary.Server.Users;

namespace Ostiary.Server;

/// <summary>The endpoints of one issuer, put together by hand: no container, no reflection, nothing resolved per request.</summary>
public sealed class OstiaryEndpoints
{
    public OstiaryEndpoints(
        Issuer issuer,
        KeyRing keys,
        EndedTokens ended,
        CountedDecisions decisions,
        Passwords passwords,
        Admission admission,
        LiveConfiguration configuration
    )
    {
        Issuer = issuer;
        Keys = keys;
        var grants = issuer.Stores.Grants;
        var tokens = new TokenIssuer(issuer.Url.Text, keys, issuer.Master, id => issuer.Configuration.Current.Apis.GetValueOrDefault(id));
        var fetches = new Fetches(issuer);
        var clientKeys = new ClientKeys(fetches.KeySets);
        var described = new MetadataClients(issuer, fetches.ClientDocuments, configuration.Documents);
        var gate = new ClientGate(issuer, new ClientAuthentication(issuer, clientKeys, described));
        var reader = new ClientRequestReader(issuer, gate);
        Follower = new Follower(issuer.Stores.Changes, issuer.Stores.Documents, ended, issuer.Time);
        LogoutNotices = new LogoutNotices(issuer);
        LogoutTokens = tokens.Logout;
        Follower.Heard = LogoutNotices.Hear;
        Status = new TokenStatus(tokens.Access, issuer.Stores, keys, ended, Follower);
        ITokenGrant[] tokenGrants =
        [
            new AuthorizationCodeGrant(grants, tokens),
            new RefreshTokenGrant(grants, issuer.Stores.Sessions, tokens),
            new ClientCredentialsGrant(tokens),
            new DeviceCodeGrant(grants, tokens),
            new TokenExchangeGrant(tokens, Status),
        ];
        Sessions = new BrowserSessions(issuer);
        Approvals = new Approvals(issuer, Sessions, tokens.Credentials);
        var pushed = new PushedRequests(issuer.Master);
        var ways = new RequestWays(pushed, new RequestObjects(clientKeys), fetches.RequestObjects);
        var waiting = new WaitingRequests(issuer);
        var userCodes = new UserCodes(issuer.Master);
        Authorize = new AuthorizeEndpoint(issuer, Sessions, tokens.Id, Status, Approvals, ways, described, waiting);
        Proofs = new Proofs(issuer);
        Push = new PushEndpoint(issuer, gate, tokens.Id, Status, ways, pushed, Proofs);
        Device = new DeviceAuthorizationEndpoint(issuer, reader, gate, tokens.Credentials, userCodes, waiting);
        Token = new TokenEndpoint(issuer, gate, Proofs, tokenGrants);
        Introspection = new IntrospectionEndpoint(issuer, reader, gate, Status, tokens.Credentials);
        Revocation = new RevocationEndpoint(issuer, reader, tokens, Status);
        UserInfo = new UserInfoEndpoint(issuer, Status, tokens.Id, Proofs);
        Pages = new PageEndpoints(
            issuer,
            Sessions,
            Approvals,
            new DeviceApprovals(issuer, userCodes),
            passwords,
            new PasswordUpdates(configuration),
            LogoutNotices
        );
        EndSession = new EndSessionEndpoint(issuer, Sessions, tokens.Id, Status, Pages.Logout, LogoutNotices);
        CheckSession = new CheckSessionEndpoint(issuer, Sessions);
        Discovery = new DiscoveryEndpoint(issuer, [.. tokenGrants.Select(g => g.GrantType)]);
        Resources = new ProtectedResourceEndpoint(issuer);
        Jwks = new JwksEndpoint(keys);
        Registrations = new RegistrationChanges(issuer, configuration, new ConfigurationChanges(issuer, configuration, keys));
        Registration = new RegistrationEndpoint(issuer, configuration, Registrations);
        Management = new ManagementEndpoint(issuer, configuration, Registrations);
        Cors = new Cors(issuer);
        Admission = admission;
        Health = new HealthEndpoints(issuer, Follower);
        Metrics = new MetricsEndpoint(decisions, keys, Follower, ended, Admission, () => passwords.Waiting, issuer.Time);
    }

    public Issuer Issuer { get; }
    public KeyRing Keys { get; }
    public Follower Follower { get; }
    public TokenStatus Status { get; }
    internal LogoutNotices LogoutNotices { get; }
    internal LogoutTokens LogoutTokens { get; }
    public BrowserSessions Sessions { get; }
    public Proofs Proofs { get; }
    public Approvals Approvals { get; }
    public AuthorizeEndpoint Authorize { get; }
    public PushEndpoint Push { get; }
    public DeviceAuthorizationEndpoint Device { get; }
    public TokenEndpoint Token { get; }
    public IntrospectionEndpoint Introspection { get; }
    public RevocationEndpoint Revocation { get; }
    public UserInfoEndpoint UserInfo { get; }
    internal PageEndpoints Pages { get; }
    internal EndSessionEndpoint EndSession { get; }
    internal CheckSessionEndpoint CheckSession { get; }
    public DiscoveryEndpoint Discovery { get; }
    public ProtectedResourceEndpoint Resources { get; }
    public JwksEndpoint Jwks { get; }
    internal RegistrationChanges Registrations { get; }
    public RegistrationEndpoint Registration { get; }
    public ManagementEndpoint Management { get; }
    public Cors Cors { get; }
    public Admission Admission { get; }
    public HealthEndpoints Health { get; }
    public MetricsEndpoint Metrics { get; }
}
