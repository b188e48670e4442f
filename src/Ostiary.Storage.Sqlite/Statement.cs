using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Grants;
using Ostiary.Server.Stores;
using SQLitePCL;

namespace Ostiary.Storage.Sqlite;

/// <summary>A prepared statement of one connection. Disposing makes it ready for its next run.</summary>
internal sealed class Statement(Connection connection, sqlite3_stmt statement) : IDisposable
{
    public Statement Bind(int index, long? value)
    {
        if (value is { } number)
            Check(raw.sqlite3_bind_int64(statement, index, number));
        else
            Check(raw.sqlite3_bind_null(statement, index));
        return this;
    }

    public Statement Bind(int index, string? value)
    {
        if (value is not null)
            Check(raw.sqlite3_bind_text(statement, index, value));
        else
            Check(raw.sqlite3_bind_null(statement, index));
        return this;
    }

    public Statement BindBlob(int index, ReadOnlySpan<byte> value)
    {
        Check(raw.sqlite3_bind_blob(statement, index, value));
        return this;
    }

    public Statement BindId(int index, GrantId id)
    {
        Span<byte> bytes = stackalloc byte[GrantId.Size];
        id.Write(bytes);
        return BindBlob(index, bytes);
    }

    public Statement BindJson(int index, byte[]? json)
    {
        if (json is not null)
            Check(raw.sqlite3_bind_text(statement, index, json));
        else
            Check(raw.sqlite3_bind_null(statement, index));
        return this;
    }

    /// <summary>Moves to the next row. False: there is none.</summary>
    public bool Next()
    {
        var code = raw.sqlite3_step(statement);
        if (code is raw.SQLITE_ROW)
            return true;
        if (code is raw.SQLITE_DONE)
            return false;
        throw connection.Fault(code);
    }

    /// <summary>Runs it to the end and says how many rows it changed.</summary>
    public int Run()
    {
        while (Next()) { }
        return connection.Changes;
    }

    public bool IsNull(int column) => raw.sqlite3_column_type(statement, column) == raw.SQLITE_NULL;

    public long Int64(int column) => raw.sqlite3_column_int64(statement, column);

    public int Int32(int column) => raw.sqlite3_column_int(statement, column);

    public string Text(int column) => raw.sqlite3_column_text(statement, column).utf8_to_string() ?? "";

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public DateTimeOffset Time(int column) => StoreTime.FromUnix(Int64(column));

    public DateTimeOffset? TimeOrNull(int column) => IsNull(column) ? null : Time(column);

    /// <summary>The bytes of a blob or of a UTF-8 text, until the next step.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(statement, column);

    public T Json<T>(int column, ReadJson<T> read)
    {
        try
        {
            return read(Bytes(column));
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException)
        {
            throw new StoreException(Reason.StorageDamaged, $"The database {connection.File} holds a row that cannot be read.", fault);
        }
    }

    public void Dispose()
    {
        // The code of a reset repeats the fault of the last step, which was thrown there.
        _ = raw.sqlite3_reset(statement);
        _ = raw.sqlite3_clear_bindings(statement);
    }

    public void Close() => statement.Dispose();

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK)
            throw connection.Fault(code);
    }
}

internal delegate T ReadJson<T>(ReadOnlySpan<byte> json);
