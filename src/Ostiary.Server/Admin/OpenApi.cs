namespace Ostiary.Server.Admin;

/// <summary>The description of the administration API, OpenAPI 3.1. Kept by hand; a test holds it to the table of operations.</summary>
internal static class OpenApi
{
    public static ReadOnlyMemory<byte> Document { get; } = Read();

    private static byte[] Read()
    {
        using var resource = typeof(OpenApi).Assembly.GetManifestResourceStream("admin/openapi.json")!;
        var bytes = new byte[resource.Length];
        resource.ReadExactly(bytes);
        return bytes;
    }
}
