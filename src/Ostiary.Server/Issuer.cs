using System.Security.Cryptography;
using System.Text;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;
using Ostiary.Server.Keys;
using Ostiary.Server.Outbound;
using Ostiary.Server.Senders;
using Ostiary.Server.Stores;

namespace Ostiary.Server;

/// <summary>
/// An issuer: its URL, configuration, keys, stores and log. Resolved once, at the door; nothing below the door knows that there may be more than one.
/// </summary>
public sealed class Issuer
{
    private byte[]? _mentionKey;

    public required IssuerUrl Url { get; init; }
    public required IConfiguration Configuration { get; init; }
    public required IStores Stores { get; init; }
    public required MasterKey Master { get; init; }
    public required IDecisionLog Log { get; init; }
    public required TimeProvider Time { get; init; }

    /// <summary>The only way out to addresses that others named. Strict unless the server was started otherwise.</summary>
    internal GuardedFetcher Fetcher { get; init; } = new();

    /// <summary>What it does with certificates of clients.</summary>
    internal MutualTls MutualTls { get; init; } = MutualTls.Off;

    /// <summary>When each credential of a client was last used.</summary>
    internal CredentialUses Uses { get; } = new();

    /// <summary>Whether this is a development server: pages say so.</summary>
    public bool Development { get; init; }

    public DateTimeOffset Now => Time.GetUtcNow();

    /// <summary>
    /// A client_id as the log may have it: that of a client, or the mark of a text that is none. People paste secrets into any field; the mark tells equal texts
    /// from others and nothing else, for it is made with the data key.
    /// </summary>
    public string? MentionOf(string? clientId, Snapshot snapshot)
    {
        if (clientId is null || snapshot.Client(clientId) is not null)
            return clientId;
        Span<byte> mark = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_mentionKey ??= Master.Derive("unknown-client"), Encoding.UTF8.GetBytes(clientId), mark);
        return "unknown-" + Convert.ToHexStringLower(mark[..4]);
    }

    /// <summary>The page of a code on this server.</summary>
    public string ErrorUri(Reason reason) => Url.At("/errors/" + Refusal.CodeOf(reason));
}

/// <summary>The issuer identifier: an https URL (http on loopback only) without query and fragment, compared as a string. RFC 8414 §2</summary>
public sealed class IssuerUrl
{
    private IssuerUrl(string text, string path, bool secure, string origin) => (Text, Path, Secure, Origin) = (text, path, secure, origin);

    public string Text { get; }

    /// <summary>The path without trailing slash: empty, or <c>/tenant</c>.</summary>
    public string Path { get; }
    public string Origin { get; }

    /// <summary>https: cookies carry Secure and the __Host- prefix.</summary>
    public bool Secure { get; }

    /// <summary>The URL of an endpoint of this issuer; <paramref name="path"/> begins with a slash.</summary>
    public string At(string path) => Origin + Path + path;

    public static bool TryParse(string text, out IssuerUrl url)
    {
        url = null!;
        if (
            !Uri.TryCreate(text, UriKind.Absolute, out var uri)
            || uri.Query.Length > 0
            || text.Contains('#', StringComparison.Ordinal)
            || uri.UserInfo.Length > 0
        )
            return false;
        if (uri.Scheme != Uri.UriSchemeHttps && !(uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback)) // RFC 8414 §2
            return false;
        url = new(text, uri.AbsolutePath.TrimEnd('/'), uri.Scheme == Uri.UriSchemeHttps, uri.GetLeftPart(UriPartial.Authority));
        return true;
    }

    public override string ToString() => Text;
}
