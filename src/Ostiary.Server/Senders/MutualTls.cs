using System.Security.Cryptography.X509Certificates;

namespace Ostiary.Server.Senders;

/// <summary>What an issuer does with the certificates of clients.</summary>
internal sealed record MutualTls
{
    public static MutualTls Off { get; } = new();

    /// <summary>Whether certificates can come at all: on a listener of their own, or from a proxy.</summary>
    public bool Offered { get; init; }

    /// <summary>The origin of the addresses for clients with certificates; null: they are those of everybody. RFC 8705 §5</summary>
    public string? AliasOrigin { get; init; }

    /// <summary>The authorities whose certificates authenticate clients, and what leads to them.</summary>
    public X509Certificate2Collection Authorities { get; init; } = [];

    /// <summary>The same endpoint for clients with certificates; <paramref name="path"/> begins with a slash.</summary>
    public string? At(IssuerUrl url, string path) => AliasOrigin is null ? null : AliasOrigin + url.Path + path;
}
