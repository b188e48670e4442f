using System.Collections.Immutable;
using Ostiary.Protocol;

namespace Ostiary.Server.Configuration;

/// <summary>Reads the <c>registration</c> member of the issuer's settings.</summary>
internal static class RegistrationDocument
{
    public static RegistrationPolicy? Read(DocumentReader settings)
    {
        if (!settings.TryGet("registration", out var element))
            return null;
        var reader = new DocumentReader(element, settings.At("registration"), settings.Faults);
        if (!reader.IsObject)
            return null;
        var unset = new RegistrationPolicy();
        var unsafeNames = Bounds.ReadAllowances(reader, "unused_lifetime");
        var policy = new RegistrationPolicy
        {
            Open = reader.Flag("open") ?? unset.Open,
            GrantTypes = ReadNames(reader, "grant_types", ClientNames.GrantTypes) ?? unset.GrantTypes,
            Scope = ReadScope(reader) ?? unset.Scope,
            Methods = ReadNames(reader, "token_endpoint_auth_methods", [.. ClientNames.Methods.Select(m => m.Item1)]) ?? unset.Methods,
            RedirectHosts = ReadHosts(reader, "redirect_hosts"),
            MetadataDocuments = reader.Flag("metadata_documents") ?? unset.MetadataDocuments,
            DocumentHosts = ReadHosts(reader, "document_hosts"),
            RequirePkce = reader.Flag("require_pkce") ?? unset.RequirePkce,
            MostClients = reader.Number("most_clients", 1, 100_000) ?? unset.MostClients,
            UnusedLifetime = Bounds.Read(reader, "unused_lifetime", unsafeNames) ?? unset.UnusedLifetime,
        };
        reader.Finish();
        return policy;
    }

    private static ImmutableArray<string>? ReadNames(DocumentReader reader, string member, string[] known)
    {
        if (reader.Texts(member, 200) is not { } names)
            return null;
        if (names.IsEmpty)
            reader.Refuse(member, "is empty: nobody could register.", "Leave out the whole member 'registration' to turn registration off.");
        for (var i = 0; i < names.Length; i++)
        {
            if (!known.Contains(names[i], StringComparer.Ordinal))
                reader.Refuse($"{member}[{i}]", $"'{DocumentReader.Shorten(names[i])}' is not one of {string.Join(", ", known)}.");
        }
        return names;
    }

    private static ScopeSet? ReadScope(DocumentReader reader)
    {
        if (reader.Text("scope", 4000) is not { } text)
            return null;
        if (!ScopeSet.TryParse(text, out var scope))
            reader.Refuse("scope", "holds characters that no scope may hold.", "Scopes are separated by single spaces."); // RFC 6749 §3.3
        if (scope.Tokens.Any(s => KnownScopes.IsReserved(s) && !KnownScopes.OpenIdConnect.Contains(s)))
            reader.Refuse("scope", "names a scope of this server's administration: no registrant gets it.");
        return scope;
    }

    private static ImmutableArray<string> ReadHosts(DocumentReader reader, string member)
    {
        if (reader.Texts(member, 253) is not { } hosts)
            return [];
        for (var i = 0; i < hosts.Length; i++)
        {
            if (!IsEntry(hosts[i]))
                reader.Refuse(
                    $"{member}[{i}]",
                    $"'{DocumentReader.Shorten(hosts[i])}' is neither a host nor a scheme.",
                    "Write app.example, *.example, localhost, or com.example.app: for a private-use scheme."
                );
        }
        return hosts;
    }

    private static bool IsEntry(string entry)
    {
        var name = entry.StartsWith("*.", StringComparison.Ordinal) ? entry[2..] : entry.TrimEnd(':');
        return name.Length > 0
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '+')
            && name is not ("http" or "https" or "javascript" or "data");
    }
}
