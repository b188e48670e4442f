using System.Collections.Immutable;
using Ostiary.Protocol;

namespace Ostiary.Server.Apis;

public enum TokenFormat
{
    /// <summary>RFC 9068.</summary>
    Jwt,

    /// <summary>An authenticated-encrypted value that only this server reads.</summary>
    Opaque,
}

/// <summary>A protected API (resource server): what its tokens look like and who may introspect them.</summary>
public sealed record Api
{
    /// <summary>The resource identifier and the audience of its tokens. RFC 8707 §2</summary>
    public required string Identifier { get; init; }
    public string? Name { get; init; }
    public ImmutableArray<ApiScope> Scopes { get; init; } = [];
    public TokenFormat TokenFormat { get; init; }

    /// <summary>Default 10 minutes; safe up to 24 hours.</summary>
    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Default ES256.</summary>
    public string SigningAlgorithm { get; init; } = "ES256";

    /// <summary>For HS256 alone: what this server shares with the API. At most the present one and the one that follows it.</summary>
    public ImmutableArray<ApiSecret> Secrets { get; init; } = [];

    /// <summary>Its tokens are always bound to a key by DPoP. RFC 9700 §2.2.1</summary>
    public bool RequireDpop { get; init; }

    /// <summary>Its tokens are always bound to the certificate of their client; with <see cref="RequireDpop"/> to either. RFC 8705 §3</summary>
    public bool RequireCertificate { get; init; }

    /// <summary>Scopes of other APIs that its tokens carry too, where they were granted: so much its tokens can be exchanged for.</summary>
    public ScopeSet ExchangeScope { get; init; } = ScopeSet.None;

    /// <summary>It is an MCP server: clients that nobody registered by hand may ask for its scopes. See <see cref="Configuration.RegistrationPolicy.Of"/>.</summary>
    public bool McpServer { get; init; }

    /// <summary>The clients that may introspect its tokens.</summary>
    public ImmutableArray<string> ResourceServerClients { get; init; } = [];

    /// <summary>What a request gets that names the API but no scope.</summary>
    public ScopeSet DefaultScope => ScopeSet.Of(Scopes.Where(s => s.Default).Select(s => s.Name));

    public ScopeSet AllScopes => ScopeSet.Of(Scopes.Select(s => s.Name));
}

/// <summary>A secret that is shared with one API; <see cref="Sealed"/> opens with the server's data key, for that API.</summary>
/// <param name="SignsFrom">From when on tokens are signed with it.</param>
public sealed record ApiSecret(string Id, DateTimeOffset CreatedAt, DateTimeOffset SignsFrom, string Sealed);

/// <summary>A scope of an API. <see cref="Description"/> is the sentence that people read on the consent page.</summary>
/// <param name="Default">Whether a request that names no scope gets it.</param>
/// <param name="Optional">Whether people may leave it out on the consent page.</param>
public sealed record ApiScope(string Name, string Description, bool Default = false, bool Optional = false);
