using System.Buffers;
using System.Text;
using System.Text.Json;
using Npgsql;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Grants;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Postgres;

internal delegate T ReadJson<T>(ReadOnlySpan<byte> json);

/// <summary>Columns of a row, read by hand.</summary>
internal static class Row
{
    public static GrantId GrantId(this NpgsqlDataReader row, int column) => GrantId(row.GetGuid(column));

    public static GrantId GrantId(Guid key)
    {
        Span<byte> bytes = stackalloc byte[Server.Grants.GrantId.Size];
        key.TryWriteBytes(bytes, bigEndian: true, out _);
        return Server.Grants.GrantId.Read(bytes);
    }

    public static string? TextOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    public static DateTimeOffset Time(this NpgsqlDataReader row, int column) => StoreTime.FromUnix(row.GetInt64(column));

    public static DateTimeOffset? TimeOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.Time(column);

    public static T Json<T>(this NpgsqlDataReader row, int column, ReadJson<T> read)
    {
        var text = row.GetString(column);
        var buffer = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        try
        {
            return read(buffer.AsSpan(0, Encoding.UTF8.GetBytes(text, buffer)));
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException)
        {
            throw new StoreException(Reason.StorageDamaged, "The database holds a row that cannot be read.", fault);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }
}
