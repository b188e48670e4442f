using System.Collections.Concurrent;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;
using Ostiary.Server.Http;
using Ostiary.Server.Outbound;

namespace Ostiary.Server.Registration;

/// <summary>Finds the client that a request names: a registered one, or one that is described at the address that its id is.</summary>
internal sealed class MetadataClients(Issuer issuer, FetchCache<MetadataDocument> fetched, KnownDocuments known)
{
    /// <summary>Addresses that were never read: thirty at once for each network and for each host, then one in ten seconds.</summary>
    private const int Burst = 30;
    private const int MostRead = 2000;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private readonly RateTable _networks = new(issuer.Master.Derive("document-rate"), "network", Burst, Interval, issuer.Time);
    private readonly RateTable _hosts = new(issuer.Master.Derive("document-rate"), "host", Burst, Interval, issuer.Time);
    private readonly ConcurrentDictionary<string, (MetadataDocument Document, long Revision)> _read = new(StringComparer.Ordinal);
    private readonly bool _onLoopback = new Uri(issuer.Url.Origin).IsLoopback;

    /// <summary>The client, or why the document does not serve; neither: no such client.</summary>
    public async ValueTask<(Client? Client, Reason? Refused)> FindAsync(string id, string? network, Snapshot snapshot, CancellationToken ct)
    {
        if (snapshot.Clients.GetValueOrDefault(id) is { } registered)
            return (registered, null);
        if (snapshot.Settings.Registration is not { MetadataDocuments: true } policy || !MetadataDocument.IsId(id, _onLoopback))
            return default;
        if (!policy.AllowsDocument(id))
            return default;
        if (!known.Has(id) && !(_networks.TryTake(network ?? "", out _) && _hosts.TryTake(new Uri(id).Authority, out _)))
            return (null, Reason.TooManyRequests);
        var copy = await fetched.GetAsync(id, ct);
        if (copy.Value is not { } document)
            return (null, Reason.ClientDocumentUnusable);
        if (
            known.Find(id) is { } same
            && _read.TryGetValue(id, out var read)
            && ReferenceEquals(read.Document, document)
            && read.Revision == snapshot.Revision
        )
            return (same, null);
        var (client, wrong) = document.ClientOf(id, policy, _onLoopback);
        if (client is null)
        {
            Record(id, wrong, snapshot);
            return (null, Reason.ClientDocumentUnusable);
        }
        known.Keep(client);
        if (_read.Count > MostRead)
            _read.Clear();
        _read[id] = (document, snapshot.Revision);
        return (client, null);
    }

    private void Record(string id, string? wrong, Snapshot snapshot) =>
        issuer.Log.Record(
            new DecisionRecord
            {
                At = issuer.Now,
                Flow = Flow.New(),
                Act = FetchPolicy.ClientDocument.Purpose,
                Refused = Reason.ClientDocumentUnusable,
                Item = new Uri(id).Host + " " + wrong,
                Revision = snapshot.Revision,
            }
        );
}
