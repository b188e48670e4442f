using System.Text;
using Npgsql;
using NpgsqlTypes;
using Ostiary.Server.Grants;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Postgres;

/// <summary>A statement with its values, in the order of $1, $2 … It can be sent again, word for word, when nobody knows whether it was done.</summary>
internal sealed class Statement(string sql)
{
    private readonly List<NpgsqlParameter> values = new(14);

    /// <summary>Whether those who follow the feed or the documents are to be woken.</summary>
    public bool HasNews { get; init; }

    public Statement Bind(GrantId id) => Add(Key(id), NpgsqlDbType.Uuid);

    public Statement Bind(Guid[] ids) => Add(ids, NpgsqlDbType.Uuid | NpgsqlDbType.Array);

    public Statement Bind(string?[] texts) => Add(texts, NpgsqlDbType.Text | NpgsqlDbType.Array);

    public Statement Bind(long number) => Add(number, NpgsqlDbType.Bigint);

    public Statement Bind(long? number) => number is { } value ? Add(value, NpgsqlDbType.Bigint) : Null(NpgsqlDbType.Bigint);

    public Statement Bind(DateTimeOffset time) => Bind(StoreTime.ToUnix(time));

    public Statement Bind(DateTimeOffset? time) => Bind(StoreTime.ToUnix(time));

    public Statement Bind(int number) => Add(number, NpgsqlDbType.Integer);

    public Statement Bind(bool flag) => Add(flag, NpgsqlDbType.Boolean);

    public Statement Bind(string? text) => text is null ? Null(NpgsqlDbType.Text) : Add(text, NpgsqlDbType.Text);

    public Statement BindBytes(byte[] bytes) => Add(bytes, NpgsqlDbType.Bytea);

    public Statement BindJson(byte[]? json) => json is null ? Null(NpgsqlDbType.Text) : Add(Encoding.UTF8.GetString(json), NpgsqlDbType.Text);

    public static Guid Key(GrantId id)
    {
        Span<byte> bytes = stackalloc byte[GrantId.Size];
        id.Write(bytes);
        return new(bytes, bigEndian: true);
    }

    /// <summary>Says how many rows it changed.</summary>
    public async ValueTask<int> RunAsync(NpgsqlConnection connection, string? wake)
    {
        if (!HasNews || wake is null)
        {
            await using var command = ToCommand(connection);
            return await command.ExecuteNonQueryAsync();
        }
        // One round trip and one commit: who is woken finds what it is woken for.
        await using var batch = new NpgsqlBatch(connection);
        var first = new NpgsqlBatchCommand(sql);
        Fill(first.Parameters);
        batch.BatchCommands.Add(first);
        batch.BatchCommands.Add(new(wake));
        await batch.ExecuteNonQueryAsync();
        return (int)first.RecordsAffected;
    }

    public async ValueTask<List<T>> ListAsync<T>(NpgsqlConnection connection, Func<NpgsqlDataReader, T> read)
    {
        await using var command = ToCommand(connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
            rows.Add(read(reader));
        return rows;
    }

    public async ValueTask<T?> OneAsync<T>(NpgsqlConnection connection, Func<NpgsqlDataReader, T> read)
        where T : class
    {
        await using var command = ToCommand(connection);
        await using var reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync() ? read(reader) : null;
    }

    /// <summary>As one of many that are sent together.</summary>
    public NpgsqlBatchCommand ToBatchCommand()
    {
        var command = new NpgsqlBatchCommand(sql);
        Fill(command.Parameters);
        return command;
    }

    public NpgsqlCommand ToCommand(NpgsqlConnection connection)
    {
        var command = new NpgsqlCommand(sql, connection);
        Fill(command.Parameters);
        return command;
    }

    /// <summary>A value belongs to one command; one that was sent before is copied.</summary>
    private void Fill(NpgsqlParameterCollection parameters)
    {
        foreach (var value in values)
            parameters.Add(value.Collection is null ? value : value.Clone());
    }

    private Statement Add<T>(T value, NpgsqlDbType type)
    {
        values.Add(new NpgsqlParameter<T> { TypedValue = value, NpgsqlDbType = type });
        return this;
    }

    private Statement Null(NpgsqlDbType type)
    {
        values.Add(new() { Value = DBNull.Value, NpgsqlDbType = type });
        return this;
    }
}
