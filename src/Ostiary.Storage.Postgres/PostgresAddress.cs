using System.Net;
using Npgsql;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Postgres;

/// <summary>Where the database is and who we are there. Everything that was not said is the strict choice.</summary>
public sealed class PostgresAddress
{
    /// <summary>Statements of one issuer that a connection keeps prepared, and the most it keeps: each takes memory of the server, on every connection.</summary>
    private const int Prepared = 64;
    private const int MostPrepared = 256;

    private readonly NpgsqlConnectionStringBuilder said;

    private PostgresAddress(NpgsqlConnectionStringBuilder said) => this.said = said;

    /// <summary>Without user and password.</summary>
    public string ForPeople => $"The database {said.Database} at {said.Host}";

    /// <summary>The same address as text that may be kept in a file.</summary>
    public string WithoutPassword => new NpgsqlConnectionStringBuilder(said.ConnectionString) { Password = null }.ConnectionString;

    public bool HasPassword => !string.IsNullOrEmpty(said.Password);

    /// <summary>
    /// Reads <c>postgres://user@host:5432/name?sslmode=verify-full</c>, several hosts separated by commas, or <c>host=… username=… database=…</c> in the keywords of
    /// Npgsql. Throws <see cref="StoreException"/>; its message never repeats the text, which may hold a password.
    /// </summary>
    public static PostgresAddress Parse(string text)
    {
        try
        {
            var said = PostgresUrl.IsOne(text) ? PostgresUrl.Read(text) : new NpgsqlConnectionStringBuilder(Separated(text));
            if (string.IsNullOrEmpty(said.Host))
                throw new FormatException("It names no host.");
            if (string.IsNullOrEmpty(said.Database))
                throw new FormatException("It names no database.");
            return new(said);
        }
        catch (Exception fault) when (fault is FormatException or ArgumentException or KeyNotFoundException or OverflowException)
        {
            var why = fault is FormatException && fault.Message.StartsWith("It ", StringComparison.Ordinal) ? " " + fault.Message : "";
            throw new StoreException(Reason.SettingInvalid, $"The address of the database cannot be read.{why}");
        }
    }

    public PostgresAddress WithPassword(string password) => new(new(said.ConnectionString) { Password = password });

    /// <summary>The same database behind another port, for tests of what lies between.</summary>
    internal PostgresAddress Through(int port) => new(new(said.ConnectionString) { Port = port });

    /// <summary>For one lane of connections.</summary>
    internal NpgsqlConnectionStringBuilder Connection(int most, string name, int issuers = 1)
    {
        var local = said.Host!.Split(',').All(IsHere);
        var connection = new NpgsqlConnectionStringBuilder(said.ConnectionString)
        {
            ApplicationName = said.ApplicationName ?? name,
            IncludeErrorDetail = false,
            LogParameters = false,
            NoResetOnClose = true,
            MaxPoolSize = Says("Maximum Pool Size") ? said.MaxPoolSize : most,
            MaxAutoPrepare = Says("Max Auto Prepare") ? said.MaxAutoPrepare : Math.Min(Prepared * issuers, MostPrepared),
            AutoPrepareMinUsages = 2,
            Timeout = Says("Timeout") ? said.Timeout : 3,
            CommandTimeout = Says("Command Timeout") ? said.CommandTimeout : 3,
            CancellationTimeout = 500,
            KeepAlive = 0,
            TcpKeepAlive = true,
            ConnectionLifetime = 3600,
        };
        if (!Says("SSL Mode"))
            connection.SslMode = local ? SslMode.Disable : SslMode.VerifyFull;
        if (!said.Host!.Contains(',', StringComparison.Ordinal))
            return connection;
        if (!Says("Target Session Attributes"))
            connection.TargetSessionAttributes = "primary";
        // So long a standby that was promoted is still taken for one.
        if (!Says("Host Recheck Seconds"))
            connection.HostRecheckSeconds = 2;
        return connection;
    }

    /// <summary>Whether it was said; a builder contains every keyword that exists.</summary>
    private bool Says(string keyword) => said.ShouldSerialize(keyword);

    /// <summary>The keywords of libpq are separated by spaces, those of Npgsql by semicolons.</summary>
    private static string Separated(string text) => text.Contains(';', StringComparison.Ordinal) ? text : text.Trim().Replace(' ', ';');

    private static bool IsHere(string host)
    {
        var name = host.Split(':') is [var first, _] ? first : host;
        return host.StartsWith('/')
            || name == "localhost"
            || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address))
            || (IPAddress.TryParse(name, out address) && IPAddress.IsLoopback(address));
    }
}
