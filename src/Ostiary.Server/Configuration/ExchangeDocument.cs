using System.Collections.Immutable;
using Ostiary.Protocol;
using Ostiary.Server.Clients;

namespace Ostiary.Server.Configuration;

/// <summary>What a client may exchange (<c>token_exchange</c>: what is not listed there is refused), and who may exchange its tokens (<c>may_act</c>).</summary>
internal static class ExchangeDocument
{
    private const int MaxPolicies = 20;

    public static Client Read(DocumentReader reader, Client client) =>
        client with
        {
            Exchanges = ReadPolicies(reader),
            MayAct = reader.Text("may_act", 200),
        };

    private static ImmutableArray<ExchangePolicy> ReadPolicies(DocumentReader client)
    {
        var policies = ImmutableArray.CreateBuilder<ExchangePolicy>();
        foreach (var (item, path) in client.Items("token_exchange", MaxPolicies))
        {
            var reader = new DocumentReader(item, path, client.Faults);
            if (!reader.IsObject)
                continue;
            var from = Required(reader, "from");
            var audiences = Required(reader, "audiences");
            if (!ScopeSet.TryParse(reader.Text("scope", 4000), out var scope) || scope.IsEmpty)
                reader.Refuse("scope", "names the scopes that may be given at most.", "Separate them by single spaces.");
            policies.Add(new(from, audiences, scope, reader.Flag("impersonate") ?? false));
            reader.Finish();
        }
        return policies.ToImmutable();
    }

    private static ImmutableArray<string> Required(DocumentReader reader, string member)
    {
        if (reader.Texts(member) is { IsEmpty: false } texts)
            return texts;
        reader.Refuse(member, "is missing or empty: nothing would be allowed.");
        return [];
    }
}
