using System.Security.Cryptography;

namespace Ostiary.Protocol;

/// <summary>The one place where secrets are compared: the time depends on the lengths only, never on the contents.</summary>
public static class FixedTime
{
    public static bool Equals(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => CryptographicOperations.FixedTimeEquals(left, right);
}
