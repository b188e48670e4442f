using System.Collections.Immutable;
using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Clients;
using Ostiary.Server.Outbound;

namespace Ostiary.Server.Configuration;

/// <summary>The addresses of a client: those it is answered at, and the pages it names.</summary>
internal static class ClientUris
{
    public static ImmutableArray<string> ReadRedirects(DocumentReader reader, string member, ClientType type, bool onLoopback)
    {
        if (reader.Texts(member) is not { } uris)
            return [];
        for (var i = 0; i < uris.Length; i++)
        {
            if (Refused(uris[i], type, onLoopback) is { } fault)
                reader.Refuse($"{member}[{i}]", $"'{DocumentReader.Shorten(uris[i])}' {fault.Message}", fault.Hint, Reason.RedirectUriNotAcceptable);
        }
        return uris;
    }

    /// <summary>The pages about a client that people are shown.</summary>
    public static Client ReadPages(DocumentReader reader, Client client) =>
        client with
        {
            ClientUri = ReadPage(reader, "client_uri"),
            LogoUri = ReadPage(reader, "logo_uri"),
            PolicyUri = ReadPage(reader, "policy_uri"),
            TosUri = ReadPage(reader, "tos_uri"),
        };

    /// <summary>An https page (http on loopback, for development).</summary>
    private static string? ReadPage(DocumentReader reader, string member)
    {
        if (reader.Text(member) is not { } text)
            return null;
        if (
            Uri.TryCreate(text, UriKind.Absolute, out var uri)
            && uri.UserInfo.Length == 0
            && text.All(c => c is > ' ' and <= '~' and not '"' and not '\\' and not '<' and not '>')
            && (text.StartsWith("https://", StringComparison.Ordinal) || (text.StartsWith("http://", StringComparison.Ordinal) && uri.IsLoopback))
        )
            return text;
        reader.Refuse(member, "must be an absolute https URL.");
        return null;
    }

    /// <summary>Addresses of request objects; a fragment tells versions of one apart. OIDC Core §6.2</summary>
    public static ImmutableArray<string> ReadRequestUris(DocumentReader reader, string member, bool onLoopback)
    {
        if (reader.Texts(member, 512) is not { } uris)
            return [];
        for (var i = 0; i < uris.Length; i++)
        {
            if (!FetchUrl.TryParse(uris[i].Split('#')[0], anyPort: onLoopback, out _))
                reader.Refuse($"{member}[{i}]", "is not an address that this server fetches.", "Write https://HOST/PATH, on port 443 or 8443.");
        }
        return uris;
    }

    /// <summary>An address that this server will fetch itself.</summary>
    public static string? ReadFetched(DocumentReader reader, string member, bool onLoopback)
    {
        if (reader.Text(member, 1024) is not { } text)
            return null;
        if (FetchUrl.TryParse(text, anyPort: onLoopback, out _))
            return text;
        reader.Refuse(member, "is not an address that this server fetches.", "Write https://HOST/PATH, on port 443 or 8443, in plain spelling.");
        return null;
    }

    /// <summary>A page that browsers load in a frame. Plain http is for loopback; which origins it may have says <see cref="ClientRules"/>.</summary>
    public static string? ReadFramed(DocumentReader reader, string member)
    {
        if (reader.Text(member, 1024) is not { } text)
            return null;
        var isPlain = text.All(c => c is > ' ' and <= '~' and not ('"' or '\\' or '<' or '>' or '#'));
        if (isPlain && Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.UserInfo.Length == 0 && uri.Scheme is "https" or "http")
            return text;
        reader.Refuse(member, "must be an absolute https URL without a fragment."); // Front-Channel Logout §2
        return null;
    }

    /// <summary>Whether the first redirect URI is one that only programs on a device have.</summary>
    public static bool AreNative(DocumentReader reader)
    {
        if (!reader.TryGet("redirect_uris", out var uris) || uris.ValueKind != JsonValueKind.Array || uris.GetArrayLength() == 0)
            return false;
        var first = uris[0];
        return first.ValueKind == JsonValueKind.String && !first.GetString()!.StartsWith("https://", StringComparison.Ordinal);
    }

    private static (string Message, string? Hint)? Refused(string uri, ClientType type, bool onLoopback)
    {
        var native = type is ClientType.Native or ClientType.Mcp;
        if (uri.Contains('*', StringComparison.Ordinal)) // RFC 9700 §4.1
            return ("has a wildcard: addresses are compared character by character.", "List each address in full.");
        if (uri.Contains('#', StringComparison.Ordinal)) // RFC 6749 §3.1.2
            return ("has a fragment.", "Leave out the part from # on.");
        if (!RedirectUris.MayRegister(uri, native, anyScheme: type == ClientType.Mcp))
            return Explain(uri, native);
        if (uri.StartsWith("http://", StringComparison.Ordinal) && !native && !onLoopback) // OIDC Registration §2
            return (
                "is plain http: on loopback only native apps receive answers.",
                "Use https, or \"type\": \"native\" for a program on the user's machine."
            );
        return null;
    }

    private static (string, string?) Explain(string uri, bool native)
    {
        if (uri.StartsWith("http://", StringComparison.Ordinal))
            return ("is plain http off loopback: the code would travel readable by everybody on the way.", "Use https.");
        if (uri.StartsWith("https://", StringComparison.Ordinal))
            return ("is not an exact address, or its query names a parameter of the answer (code, state, iss, error …).", null);
        return native
            ? ("is neither https, nor http on 127.0.0.1 or [::1], nor a private-use scheme with a dot.", "For example com.example.app:/callback.")
            : ("is not an https address.", null);
    }
}
