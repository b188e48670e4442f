using System.Collections.Immutable;
using Ostiary.Protocol;
using Ostiary.Server.Apis;
using Ostiary.Server.Clients;

namespace Ostiary.Server.Configuration;

/// <summary>What clients that register themselves may be (the <c>registration</c> member of the issuer's settings). What is unset is the strict choice. RFC 7591 §3</summary>
public sealed record RegistrationPolicy
{
    /// <summary>Whether who has no initial access token may register too.</summary>
    public bool Open { get; init; }
    public ImmutableArray<string> GrantTypes { get; init; } = [ClientNames.AuthorizationCode, ClientNames.RefreshToken];

    /// <summary>The scopes that a registrant may ask for, and those of one that asks for none.</summary>
    public ScopeSet Scope { get; init; } = ScopeSet.Of(KnownScopes.OpenIdConnect);

    /// <summary>The scopes of each MCP server: who registers for one of them may later ask the person for the others.</summary>
    public ImmutableArray<ScopeSet> McpServers { get; init; } = [];
    public ImmutableArray<string> Methods { get; init; } = [.. ClientNames.Methods.Where(m => !m.Value.IsCertificate()).Select(m => m.Name)];

    /// <summary>Hosts and schemes that redirect URIs may have; empty: any that may be registered at all.</summary>
    public ImmutableArray<string> RedirectHosts { get; init; } = [];

    /// <summary>Whether a client may be described at the address that its id is. Default false.</summary>
    public bool MetadataDocuments { get; init; }

    /// <summary>Hosts whose documents are taken; empty: any.</summary>
    public ImmutableArray<string> DocumentHosts { get; init; } = [];

    /// <summary>Default true; of public clients always. RFC 9700 §2.1.1</summary>
    public bool RequirePkce { get; init; } = true;

    /// <summary>How many registered clients there may be. Default 1000.</summary>
    public long MostClients { get; init; } = 1000;

    /// <summary>A client that was never used is deleted after it. Default 1 d.</summary>
    public TimeSpan UnusedLifetime { get; init; } = TimeSpan.FromDays(1);

    /// <summary>
    /// What holds: the operator's policy, where there is one. An MCP server among the APIs means that clients come which nobody registered, so without a policy they may, by
    /// either way; and its scopes are among those that they may ask for. People are asked in any case.
    /// </summary>
    public static RegistrationPolicy? Of(RegistrationPolicy? stated, IEnumerable<Api> apis)
    {
        var servers = apis.Where(api => api.McpServer).ToList();
        if (servers.Count == 0)
            return stated;
        var policy =
            stated
            ?? new()
            {
                Open = true,
                MetadataDocuments = true,
                MostClients = 10_000,
            }; // Some register at each sign-in.
        return policy with
        {
            Scope = policy.Scope.Union(ScopeSet.Of(servers.SelectMany(api => api.AllScopes.Tokens))),
            McpServers = [.. servers.Select(api => api.AllScopes)],
        };
    }

    /// <summary>Whether a redirect URI has one of the hosts (<c>app.example</c>, <c>*.example</c>, <c>localhost</c> for loopback) or schemes (<c>com.example.app:</c>).</summary>
    public bool AllowsRedirect(string uri)
    {
        if (RedirectHosts.IsEmpty || !Uri.TryCreate(uri, UriKind.Absolute, out var parsed))
            return true;
        foreach (var entry in RedirectHosts)
        {
            if (entry.EndsWith(':'))
            {
                if (uri.StartsWith(entry, StringComparison.Ordinal))
                    return true;
            }
            else if (parsed.Scheme is not ("http" or "https"))
                continue;
            else if (entry == "localhost" ? parsed.IsLoopback : IsHost(entry, parsed.Host))
                return true;
        }
        return false;
    }

    public bool AllowsDocument(string id) => DocumentHosts.IsEmpty || DocumentHosts.Any(entry => IsHost(entry, new Uri(id).Host));

    private static bool IsHost(string entry, string host) =>
        entry.StartsWith("*.", StringComparison.Ordinal)
            ? host.EndsWith(entry[1..], StringComparison.OrdinalIgnoreCase)
            : host.Equals(entry, StringComparison.OrdinalIgnoreCase);
}
