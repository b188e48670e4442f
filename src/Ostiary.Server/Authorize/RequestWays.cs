using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Outbound;

namespace Ostiary.Server.Authorize;

/// <summary>How a request comes in. All are judged by the same two lists; what differs is a column here.</summary>
internal enum Way
{
    /// <summary>Its parameters stand in the query or the form.</summary>
    Plain,

    /// <summary>At the pushed-request endpoint. RFC 9126 §2</summary>
    Push,

    /// <summary>By the address that the pushed-request endpoint gave. RFC 9126 §4</summary>
    Pushed,

    /// <summary>At the device authorization endpoint: there is no redirect and no code. RFC 8628 §3.1</summary>
    Device,
}

/// <summary>A request that has been looked up: the parameters that count, and where they come from.</summary>
internal sealed record IncomingRequest
{
    /// <summary>The parameters that count: those sent, pushed or signed, never a mixture.</summary>
    public required FormParameters Parameters { get; init; }

    /// <summary>As they were sent.</summary>
    public required FormParameters Sent { get; init; }
    public required Client? Client { get; init; }
    public required Way Way { get; init; }
    public PushedRequest? Pushed { get; init; }
    public RequestObject? Object { get; init; }

    /// <summary>The key of the proof that a pushed request came with. RFC 9449 §10.1</summary>
    public SenderKey? Proven { get; init; }

    public bool IsSigned => Object is not null || Pushed is { Signed: true };

    /// <summary>The key under which the request is used up when it is answered; null: it may be asked again.</summary>
    public string? OnceKey =>
        Pushed is { } pushed ? "pushed\n" + pushed.Id
        : Object is { Id: { } id } ? ObjectKey(Client!.Id, id)
        : null;

    public static string ObjectKey(string clientId, string id) => $"request-object\n{clientId}\n{id}";
}

/// <summary>Looks up what a request refers to. It decides nothing: <see cref="AuthorizeRules"/> does.</summary>
internal sealed class RequestWays(PushedRequests pushed, RequestObjects objects, FetchCache<string> fetched)
{
    private const int MaxReference = 512; // RFC 9101 §5.2
    private const int MaxObjectId = 256;

    public async ValueTask<IncomingRequest> LookUpAsync(FormParameters sent, Client? client, Way way, CancellationToken ct)
    {
        var plain = new IncomingRequest
        {
            Parameters = sent,
            Sent = sent,
            Client = client,
            Way = way,
        };
        if (client is null or { Disabled: true } || (sent.Has("request") && sent.Has("request_uri")))
            return plain;
        if (way == Way.Plain && sent["request_uri"] is { } uri)
        {
            if (uri.StartsWith(PushedRequests.Prefix, StringComparison.Ordinal))
            {
                var known = pushed.TryOpen(uri, out var request);
                return plain with { Way = Way.Pushed, Pushed = request, Parameters = known ? request!.Parameters : sent };
            }
            return uri.Length <= MaxReference && client.RequestUris.Contains(uri) ? await FetchAsync(plain, client, uri, ct) : plain;
        }
        return sent["request"] is { } text && RequestObjects.MaySign(client) ? await ReadAsync(plain, client, text, ct) : plain;
    }

    private async ValueTask<IncomingRequest> FetchAsync(IncomingRequest plain, Client client, string uri, CancellationToken ct)
    {
        var address = uri.Split('#')[0]; // OIDC Core §6.2: the fragment tells versions apart and is not sent.
        var copy = await fetched.GetAsync(address, ct);
        return copy.Value is { } text ? await ReadAsync(plain, client, text, ct) : plain with { Object = new() { Unreachable = true } };
    }

    private async ValueTask<IncomingRequest> ReadAsync(IncomingRequest plain, Client client, string text, CancellationToken ct)
    {
        var read = await objects.ReadAsync(text, client, ct);
        var tooLong = read.Id?.Length > MaxObjectId;
        return plain with { Object = tooLong ? read with { Malformed = true } : read, Parameters = read.Parameters };
    }
}
