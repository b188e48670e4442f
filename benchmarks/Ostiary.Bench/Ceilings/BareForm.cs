using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Ostiary.Bench.Ceilings;

/// <summary>Parses a form into names and values and keeps nothing: the least that any token endpoint does.</summary>
internal static class BareForm
{
    /// <summary>Whether there was a form with a name and a value.</summary>
    public static async ValueTask<bool> ReadAsync(HttpContext http)
    {
        var reader = http.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(http.RequestAborted);
            if (read.IsCompleted)
            {
                var count = Parse(read.Buffer);
                reader.AdvanceTo(read.Buffer.End);
                return count > 0;
            }
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static int Parse(in ReadOnlySequence<byte> body)
    {
        if (body.Length > 4096)
            return 0;
        Span<byte> copy = stackalloc byte[(int)body.Length];
        body.CopyTo(copy);
        var form = new Dictionary<string, string>(4, StringComparer.Ordinal);
        foreach (var range in ((ReadOnlySpan<byte>)copy).Split((byte)'&'))
        {
            var pair = copy[range];
            var equals = pair.IndexOf((byte)'=');
            if (equals > 0)
                form[Text(pair[..equals])] = Text(pair[(equals + 1)..]);
        }
        return form.Count;
    }

    private static string Text(Span<byte> encoded)
    {
        if (encoded.IndexOfAny((byte)'%', (byte)'+') < 0)
            return Encoding.UTF8.GetString(encoded);
        encoded.Replace((byte)'+', (byte)' ');
        return Uri.UnescapeDataString(Encoding.UTF8.GetString(encoded));
    }
}
