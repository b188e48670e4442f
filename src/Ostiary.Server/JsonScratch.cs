using System.Buffers;
using System.Text.Json;

namespace Ostiary.Server;

/// <summary>A JSON writer and its buffer, kept per thread: for documents that are written, used and done with before anything is awaited.</summary>
#pragma warning disable CA1001 // The writer lives as long as its thread.
internal sealed class JsonScratch
#pragma warning restore CA1001
{
    private const int MaxKept = 64 * 1024;

    [ThreadStatic]
    private static JsonScratch? _kept;

    private readonly ArrayBufferWriter<byte> _buffer = new(1024);
    private readonly Utf8JsonWriter _json;

    private JsonScratch() => _json = new Utf8JsonWriter(_buffer);

    /// <summary>Writes an object and hands its bytes to <paramref name="use"/>; they are gone when it returns.</summary>
    public static TResult Object<TState, TResult>(TState state, Action<Utf8JsonWriter, TState> members, Func<ReadOnlySpan<byte>, TState, TResult> use)
    {
        var scratch = _kept ?? new JsonScratch();
        _kept = null; // Somebody who writes inside of this takes another one.
        try
        {
            scratch._json.WriteStartObject();
            members(scratch._json, state);
            scratch._json.WriteEndObject();
            scratch._json.Flush();
            return use(scratch._buffer.WrittenSpan, state);
        }
        finally
        {
            scratch._buffer.ResetWrittenCount();
            scratch._json.Reset();
            if (scratch._buffer.Capacity <= MaxKept)
                _kept = scratch;
        }
    }
}
