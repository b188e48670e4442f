using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Hosting;

/// <summary>The issuers that one server is started with, and what must hold between them.</summary>
internal static class IssuerSet
{
    private const int LongestName = 200;

    /// <summary>What each issuer is started with: its own data directory, the rest in common.</summary>
    public static IReadOnlyList<ServerOptions> Split(ServerOptions options) =>
        [
            .. options.Issuers.Select(issuer =>
                options with
                {
                    Issuer = issuer,
                    MoreIssuers = [],
                    DataDirectory = options.DataDirectory is { } data ? Partition.Of(data, issuer, options.MoreIssuers.Count == 0) : null,
                }
            ),
        ];

    public static void Validate(ServerOptions options, List<SettingFault> faults)
    {
        var seen = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var issuer in options.Issuers)
        {
            if (!IssuerUrl.TryParse(issuer, out var url)) // RFC 8414 §2
            {
                var advice = issuer.Contains("://", StringComparison.Ordinal)
                    ? "--issuer https://HOST[/PATH] (http on localhost, 127.0.0.1 and [::1] only), without query and fragment"
                    : $"--issuer https://{issuer}";
                faults.Add(Fault($"The issuer '{issuer}' is not an https URL without query, fragment and user name.", advice));
            }
            else if (url.Path.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('/' or '-' or '.' or '_' or '~')) || url.Path.Contains("//"))
                faults.Add(
                    Fault($"The path of the issuer '{issuer}' has other characters than letters, digits and -._~", "--issuer https://HOST/tenant")
                );
            else if (Partition.NameOf(issuer) is { Length: > LongestName })
                faults.Add(Fault($"The issuer '{issuer}' is longer than a name of a file may be.", "--issuer URL, with a shorter path"));
            else if (!seen.TryAdd(Partition.NameOf(issuer), issuer))
                faults.Add(
                    Fault(
                        $"The issuers '{seen[Partition.NameOf(issuer)]}' and '{issuer}' cannot be told apart.",
                        "--issuer URL, each with another path or host"
                    )
                );
        }
        if (faults.Count == 0 && options is { MoreIssuers.Count: > 0, DataDirectory: not null })
            foreach (var each in Split(options))
                each.ValidateSocket(faults);
    }

    private static SettingFault Fault(string message, string next) => new(Reason.IssuerInvalid, "--issuer", message, next);
}
