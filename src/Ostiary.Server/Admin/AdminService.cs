using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Apis;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;
using Ostiary.Server.Http;
using Ostiary.Server.Keys;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Admin;

/// <summary>What administration works on.</summary>
/// <param name="Issuer">The issuer that is administered.</param>
/// <param name="Configuration">Its configuration, which only administration changes.</param>
/// <param name="Keys">Its signing keys.</param>
/// <param name="Events">Its record of decisions.</param>
public sealed record AdminParts(Issuer Issuer, LiveConfiguration Configuration, KeyRing Keys, IEventLog Events)
{
    internal IStores Stores => Issuer.Stores;
    internal DateTimeOffset Now => Issuer.Now;
}

/// <summary>
/// Administration: one table of operations, which the HTTP API and the command line in the same process both send their requests to, so both give the same result.
/// Every request is recorded before its answer leaves.
/// </summary>
public sealed class AdminService
{
    public const string BasePath = "/admin/api/v1";

    /// <summary>Bytes: the largest body of any operation.</summary>
    public const int MaxBody = ConfigurationFile.MaxLength + (64 * 1024);

    private readonly AdminParts _parts;

    public AdminService(AdminParts parts)
    {
        _parts = parts;
        var intake = new CredentialIntake(new ClientSecrets(parts.Issuer.Master));
        var changes = new ConfigurationChanges(parts.Issuer, parts.Configuration, parts.Keys);
        var clients = new ClientAdministration(parts, changes, intake);
        var shared = new ApiSecrets(parts.Issuer.Master);
        var apis = new ApiAdministration(parts, changes, shared);
        var users = new UserAdministration(parts, changes);
        var live = new LiveAdministration(parts);
        var keys = new KeyAdministration(parts);
        var configuration = new ConfigurationAdministration(parts, changes, intake, shared);
        Routes =
        [
            .. clients.Routes,
            .. new InitialTokenAdministration(parts, changes).Routes,
            .. apis.Routes,
            .. users.Routes,
            .. live.Routes,
            .. keys.Routes,
            .. configuration.Routes,
            .. new EventAdministration(parts).Routes,
            .. new ServerAdministration(parts).Routes,
            new("GET", "/openapi.json", "admin.openapi", (_, _) => ValueTask.FromResult(new AdminResponse(200, OpenApi.Document))),
        ];
    }

    public IReadOnlyList<AdminRoute> Routes { get; }

    public async ValueTask<AdminResponse> SendAsync(AdminRequest request, CancellationToken ct)
    {
        var flow = request.Flow ?? Flow.New();
        AdminRoute? route = null;
        AdminCall? call = null;
        AdminResponse response;
        try
        {
            var refusal = Find(request, out route, out call);
            response = refusal is not null ? AdminResponse.Refused(refusal) : await route!.Run(call!, ct);
        }
        catch (StoreException e)
        {
            response = AdminResponse.Refused(AdminRefusal.Of(e.Reason));
        }
        return Recorded(request, route, call, response, flow);
    }

    /// <summary>A request that was refused before it could be sent: it is recorded like every other.</summary>
    internal AdminResponse Refuse(AdminRequest request, AdminRefusal refusal)
    {
        var flow = request.Flow ?? Flow.New();
        return Recorded(request, null, null, AdminResponse.Refused(refusal), flow);
    }

    private AdminResponse Recorded(AdminRequest request, AdminRoute? route, AdminCall? call, AdminResponse response, string flow)
    {
        try
        {
            Record(request, route, call, response, flow);
            return response.Under(flow);
        }
        catch (StoreException e)
        {
            return AdminResponse.Refused(AdminRefusal.Of(e.Reason)).Under(flow);
        }
    }

    private AdminRefusal? Find(AdminRequest request, out AdminRoute? route, out AdminCall? call)
    {
        (route, call) = (null, null);
        if (!request.Caller.MayAdminister)
            return AdminRefusal.Of(Reason.AdminForbidden, $"It needs the scope {KnownScopes.Administration}.");
        var segments = request.Path.Split('/')[1..];
        var matches = Routes.Select(r => (Route: r, Values: r.Match(segments))).Where(m => m.Values is not null).ToList();
        if (matches.Count == 0)
            return AdminRefusal.Of(Reason.ResourceNotFound, $"The operations are listed in {BasePath}/openapi.json.");
        // A fixed segment wins over a value: /clients/x/secrets/rotate is no secret's id for the methods that it has.
        var match = matches.Where(m => m.Route.Method == request.Method).OrderBy(m => m.Values!.Count).FirstOrDefault();
        if (match.Route is null)
        {
            var allow = string.Join(", ", matches.Select(m => m.Route.Method).Distinct());
            return AdminRefusal.Of(Reason.MethodNotAllowed, $"It takes {allow}.") with { Allow = allow }; // RFC 9110 §15.5.6
        }
        route = match.Route;
        if (RefusedQuery(route, request) is { } refused)
            return refused;
        if (request.Body.Length > route.MaxBody)
            return AdminRefusal.Of(Reason.RequestTooLarge);
        var body = request.Body.Length == 0 ? "{}"u8.ToArray() : request.Body;
        if (!StrictJson.TryParseObject(body, out var document, ConfigurationFile.MaxDepth, route.MaxBody))
            return AdminRefusal.Of(Reason.AdminRequestMalformed, JsonPlace.FaultOf(body.Span));
        using (document)
            call = new(request, match.Values!, document.RootElement.Clone());
        return null;
    }

    private static AdminRefusal? RefusedQuery(AdminRoute route, AdminRequest request)
    {
        foreach (var (name, _) in request.Query)
        {
            if (!route.Query.Contains(name, StringComparer.Ordinal))
            {
                var closest = ClosestName.Of(name, route.Query);
                return new(
                    Reason.UnknownSetting,
                    $"'{DocumentReader.Shorten(name)}' is not a parameter here.",
                    closest is null ? null : $"The closest is '{closest}'."
                );
            }
        }
        return null;
    }

    private void Record(AdminRequest request, AdminRoute? route, AdminCall? call, AdminResponse response, string flow) =>
        _parts.Issuer.Log.Record(
            new DecisionRecord
            {
                At = _parts.Now,
                Flow = flow,
                Act = route?.Operation ?? "admin.request",
                Refused = response.Reason,
                Passed = response.Reason is null ? 1 : 0,
                ClientId = call?.ClientId,
                Subject = call?.Subject ?? request.Caller.Subject,
                GrantId = call?.GrantId,
                SessionId = call?.SessionId,
                TokenId = request.Caller.TokenId,
                Item = call?.Item is { } item ? DocumentReader.Shorten(item) : null,
                Network = request.Network,
                Change = response.Reason is null ? call?.Change : null,
                Revision = _parts.Configuration.Current.Revision,
            }
        );
}
