using System.Collections.Immutable;
using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Server.Apis;

namespace Ostiary.Server.Configuration;

/// <summary>An API of a configuration: as it was written, and what it means.</summary>
internal sealed record ApiDocument(JsonElement Declared, Api Api)
{
    private static readonly (string, TokenFormat)[] Formats = [("jwt", TokenFormat.Jwt), ("opaque", TokenFormat.Opaque)];

    public int Order { get; init; }
    public DateTimeOffset CreatedAt { get; init; }

    public static ApiDocument? Parse(JsonElement declared, string path, List<ConfigurationFault> faults)
    {
        var before = faults.Count;
        var reader = new DocumentReader(declared, path, faults);
        var identifier = reader.Text("identifier");
        if (identifier is null && reader.IsObject && !reader.Has("identifier"))
            reader.Refuse("identifier", "is missing.", "It is the absolute URI that tokens carry as their audience.");
        else if (identifier is not null && !IsIdentifier(identifier))
            reader.Refuse("identifier", "must be an absolute URI without a fragment.", "For example https://api.example or urn:example:api."); // RFC 8707 §2
        var unsafeNames = Bounds.ReadAllowances(reader, "token_lifetime");
        var unset = new Api { Identifier = "" };
        var api = unset with
        {
            Identifier = identifier ?? "",
            Name = reader.Display("name", 100),
            Scopes = ReadScopes(reader),
            TokenFormat = reader.Choice("token_format", Formats) ?? unset.TokenFormat,
            TokenLifetime = Bounds.Read(reader, "token_lifetime", unsafeNames) ?? unset.TokenLifetime,
            SigningAlgorithm = reader.OneOf("signing_alg", SigningAlgorithms.All) ?? unset.SigningAlgorithm,
            RequireDpop = reader.Flag("require_dpop") ?? false,
            RequireCertificate = reader.Flag("require_certificate") ?? false,
            ExchangeScope = ReadExchangeScope(reader),
            McpServer = reader.Flag("mcp_server") ?? false,
            ResourceServerClients = reader.Texts("resource_server_clients", 200) ?? [],
        };
        if (api is { SigningAlgorithm: "HS256", TokenFormat: TokenFormat.Opaque })
            reader.Refuse("signing_alg", "is HS256, but opaque tokens are not signed.", "Take the token format jwt, or leave signing_alg out.");
        reader.Finish();
        return faults.Count == before ? new(declared.Clone(), api) : null;
    }

    private static ImmutableArray<ApiScope> ReadScopes(DocumentReader reader)
    {
        var scopes = ImmutableArray.CreateBuilder<ApiScope>();
        foreach (var (item, path) in reader.Items("scopes"))
        {
            var scope = new DocumentReader(item, path, reader.Faults);
            var name = scope.Text("name", 200);
            var description = scope.Display("description", 300);
            var isDefault = scope.Flag("default") ?? false;
            var isOptional = scope.Flag("optional") ?? false;
            scope.Finish();
            if (!scope.IsObject)
                continue;
            if (!scope.Has("name"))
                scope.Refuse("name", "is missing.");
            if (!scope.Has("description"))
                scope.Refuse("description", "is missing.", "People read it on the consent page; write what the app may then do.");
            if (name is null)
                continue;
            if (name.Contains(' ', StringComparison.Ordinal) || !ScopeSet.TryParse(name, out _))
                scope.Refuse("name", $"'{DocumentReader.Shorten(name)}' holds characters that no scope may hold."); // RFC 6749 §3.3
            else if (KnownScopes.IsReserved(name))
                scope.Refuse("name", $"the scope '{name}' is defined by this server itself.");
            else if (scopes.Any(other => other.Name == name))
                scope.Refuse("name", $"the scope '{name}' is defined twice.");
            scopes.Add(new(name, description ?? "", isDefault, isOptional));
        }
        return scopes.ToImmutable();
    }

    private static ScopeSet ReadExchangeScope(DocumentReader reader)
    {
        if (!ScopeSet.TryParse(reader.Text("exchange_scope", 4000), out var scope))
            reader.Refuse("exchange_scope", "holds characters that no scope may hold.", "Scopes are separated by single spaces."); // RFC 6749 §3.3
        else if (scope.Tokens.Any(KnownScopes.IsReserved))
            reader.Refuse("exchange_scope", "names a scope of this server itself.", "Name scopes of other APIs.");
        return scope;
    }

    private static bool IsIdentifier(string text) =>
        text.Length <= 500
        && !text.Contains('#', StringComparison.Ordinal)
        && text.All(c => c is > ' ' and <= '~' and not '"' and not '\\' and not '<' and not '>')
        && Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && !uri.IsFile
        && uri.UserInfo.Length == 0
        && text.StartsWith(uri.Scheme + ":", StringComparison.Ordinal)
        && (uri.Scheme is not ("http" or "https") || uri.Host.Length > 0);
}
