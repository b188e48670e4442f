using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Ostiary.Storage.Postgres;

/// <summary>
/// Where the tables of one issuer are: in a schema of its own, or, without a name, where the search path of the user leads. A statement says the schema itself, for
/// all issuers of a process share connections: what a connection has prepared, or was last told, can then mean no other's tables.
/// </summary>
public sealed class IssuerSchema
{
    /// <summary>How a statement names the schema whose tables it is about.</summary>
    private const string Ours = " our.";
    private const string UnnamedChannel = "ostiary_news";
    private const int LongestSlug = 36;

    private readonly ConcurrentDictionary<string, string> texts = new(StringComparer.Ordinal);
    private readonly byte[]? digest;

    private IssuerSchema(string? name, string? issuer)
    {
        Name = name;
        digest = issuer is null ? null : SHA256.HashData(Encoding.UTF8.GetBytes(issuer));
        Own = name is null && issuer is not null ? Of(issuer) : null;
    }

    /// <summary>Null: wherever the search path leads.</summary>
    public string? Name { get; }

    /// <summary>The one that the issuer would have among several; null where it has it, or nobody said which issuer it is.</summary>
    internal IssuerSchema? Own { get; }

    /// <summary>By which nodes know whose tables those without a name are; null: nobody said.</summary>
    internal long? Mark => digest is null ? null : BinaryPrimitives.ReadInt64BigEndian(digest);

    /// <summary>On which the nodes of this issuer wake each other.</summary>
    internal string Channel => Name ?? UnnamedChannel;

    /// <summary>One of its own, for one of several. The name follows from the issuer's alone, so every node comes to the same; what tells it apart is the digest.</summary>
    /// <param name="issuer">Host, port and path, as they name its data directory.</param>
    public static IssuerSchema Of(string issuer)
    {
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(issuer));
        return new($"ostiary_{Slug(issuer)}_{Convert.ToHexStringLower(digest, 0, sizeof(long))}", issuer);
    }

    /// <summary>That of an issuer which is, or once was, alone in its database.</summary>
    /// <param name="issuer">As above; null where it is not known.</param>
    public static IssuerSchema Unnamed(string? issuer = null) => new(null, issuer);

    /// <summary>The statement, about the tables of this issuer.</summary>
    internal string In(string sql) =>
        texts.GetOrAdd(sql, static (text, name) => text.Replace(Ours, name is null ? " " : $" {name}.", StringComparison.Ordinal), Name);

    /// <summary>Letters, digits and underscores only, so that it needs no quotes and is never too long.</summary>
    [SuppressMessage("Globalization", "CA1308", Justification = "PostgreSQL writes names small.")]
    private static string Slug(string issuer)
    {
        var text = Uri.UnescapeDataString(issuer).ToLowerInvariant();
        return string.Concat(text.Take(LongestSlug).Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
    }
}
