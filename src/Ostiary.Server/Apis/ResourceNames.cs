using Ostiary.Protocol;

namespace Ostiary.Server.Apis;

/// <summary>
/// How clients write the address of an API: some add a slash at its end or lose one, write the port that the scheme implies, or the host in capitals. What is the same
/// but for that is the same API, as long as only one is; the audience of a token is always the identifier as the operator wrote it. RFC 8707 §2
/// </summary>
internal static class ResourceNames
{
    public static string Normalize(string resource)
    {
        if (!ProtectedResource.TrySplit(resource, out _, out var path) || !Uri.TryCreate(resource, UriKind.Absolute, out var uri))
            return resource;
        var host = uri.Authority.ToLowerInvariant(); // RFC 3986 §6.2.2.1, RFC 3986 §6.2.3
        return $"{uri.Scheme}://{host}{(path.EndsWith('/') ? path[..^1] : path)}";
    }

    /// <summary>By their normal form, those that have it alone.</summary>
    public static Dictionary<string, Api> Of(IEnumerable<Api> apis) =>
        apis.GroupBy(api => Normalize(api.Identifier), StringComparer.Ordinal)
            .Where(same => same.Count() == 1)
            .ToDictionary(same => same.Key, same => same.Single(), StringComparer.Ordinal);
}
