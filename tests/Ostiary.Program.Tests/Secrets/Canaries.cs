using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Ostiary.Program.Tests.Secrets;

/// <summary>Secrets by name, each recognisable wherever it turns up: as it is, encoded, or in part.</summary>
internal sealed class Canaries
{
    private readonly Dictionary<string, string> _all = [];

    public int Count => _all.Count;

    /// <summary>A new one: nothing else in the world has this text.</summary>
    public string New(string name, string prefix = "")
    {
        var value = prefix + "canary" + RandomNumberGenerator.GetHexString(40, lowercase: true);
        return Add(name, value);
    }

    /// <summary>One that the server made.</summary>
    public string Add(string name, string? value)
    {
        Assert.False(string.IsNullOrEmpty(value), $"there is no {name}");
        Assert.True(value.Length >= 20, $"{name} is too short to be looked for");
        _all.Add($"{name} ({_all.Count})", value);
        return value;
    }

    /// <summary>The names of those that the bytes hold.</summary>
    public IReadOnlyList<string> In(byte[] bytes) => [.. _all.Where(canary => TracesOf(canary.Value).Any(t => Holds(bytes, t))).Select(c => c.Key)];

    /// <summary>The second half stands for a credential that was cut or has lost its beginning. A handle that names a record may be in the first.</summary>
    private static IEnumerable<string> TracesOf(string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        yield return value;
        yield return value[(value.Length / 2)..];
        yield return Uri.EscapeDataString(value);
        yield return Convert.ToBase64String(bytes);
        yield return Base64Url.EncodeToString(bytes);
        yield return Convert.ToHexString(bytes);
        yield return Convert.ToHexStringLower(bytes);
    }

    private static bool Holds(byte[] bytes, string text) =>
        bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0 || bytes.AsSpan().IndexOf(Encoding.Unicode.GetBytes(text)) >= 0;
}
