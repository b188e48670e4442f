using System.Text;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Decisions;
using Ostiary.Server.Http;
using Ostiary.Server.Registration;

namespace Ostiary.Server.Outbound;

/// <summary>Everything that the issuer fetches from others, each purpose with its own cache. A failure is one line of the event log: the purpose, the host, the reason.</summary>
internal sealed class Fetches
{
    public Fetches(Issuer issuer)
    {
        FetchCache<T> CacheOf<T>(FetchPolicy policy, Func<ReadOnlyMemory<byte>, T?> read)
            where T : class => new(issuer.Fetcher, policy, read, issuer.Time, (host, reason) => Record(issuer, policy.Purpose, host, reason));
        KeySets = CacheOf(FetchPolicy.KeySet, ReadKeySet);
        RequestObjects = CacheOf(FetchPolicy.RequestObject, ReadText);
        ClientDocuments = CacheOf(FetchPolicy.ClientDocument, MetadataDocument.Read);
    }

    /// <summary>By <c>jwks_uri</c>.</summary>
    public FetchCache<JsonWebKeySet> KeySets { get; }

    /// <summary>By <c>request_uri</c>.</summary>
    public FetchCache<string> RequestObjects { get; }

    /// <summary>By <c>client_id</c>.</summary>
    public FetchCache<MetadataDocument> ClientDocuments { get; }

    private static JsonWebKeySet? ReadKeySet(ReadOnlyMemory<byte> body) =>
        JsonWebKeySet.TryParse(body, publicOnly: true, out var keys, out _) && keys.Keys.Count > 0 ? keys : null;

    private static string? ReadText(ReadOnlyMemory<byte> body) => Ascii.IsValid(body.Span) ? Encoding.ASCII.GetString(body.Span).Trim() : null;

    private static void Record(Issuer issuer, string purpose, string host, Reason reason) =>
        issuer.Log.Record(
            new DecisionRecord
            {
                At = issuer.Now,
                Flow = Flow.New(),
                Act = purpose,
                Refused = reason,
                Item = host,
                Revision = issuer.Configuration.Current.Revision,
            }
        );
}
