using System.Security.Cryptography;
using System.Text;
using Ostiary.Protocol;

namespace Ostiary.AspNetCore.Observation;

/// <summary>
/// Stands for a secret where people look on: equal secrets have equal tags, and a tag of 16 bits gives the secret away to nobody.
/// The key of the hash lives as long as the process.
/// </summary>
public static class SecretTag
{
    private static readonly byte[] Key = Entropy.Bytes(32);

    /// <summary>For example <c>#7f3a</c>.</summary>
    public static string Of(string secret)
    {
        var hash = HMACSHA256.HashData(Key, Encoding.UTF8.GetBytes(secret));
        return $"#{hash[0]:x2}{hash[1]:x2}";
    }
}
