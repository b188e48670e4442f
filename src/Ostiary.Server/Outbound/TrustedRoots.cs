using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ostiary.Server.Outbound;

/// <summary>The certificate authorities of this machine and one more.</summary>
internal static class TrustedRoots
{
    /// <summary>Null where the file holds no certificate.</summary>
    public static X509Certificate2Collection? With(string extraCaFile)
    {
        var roots = new X509Certificate2Collection();
        try
        {
            roots.ImportFromPemFile(extraCaFile);
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
        if (roots.Count == 0)
            return null;
        using var store = new X509Store(StoreName.Root, StoreLocation.LocalMachine);
        store.Open(OpenFlags.ReadOnly);
        roots.AddRange(store.Certificates);
        return roots;
    }
}
