using Npgsql;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;
using Ostiary.Storage.Postgres;

namespace Ostiary.Storage.Tests.Postgres;

public sealed class AddressTests
{
    [Theory]
    [InlineData("postgres://ada@db.example:6000/house", "db.example", 6000, "ada")]
    [InlineData("postgresql://ada@db.example/house?sslmode=require", "db.example", 5432, "ada")]
    [InlineData("host=db.example username=ada database=house", "db.example", 5432, "ada")]
    [InlineData("Host=db.example;Port=6000;Username=ada;Database=house", "db.example", 6000, "ada")]
    [InlineData("postgres://ada@one:5432,two:5433/house", "one:5432,two:5433", 5432, "ada")]
    public void Reads_urls_and_keywords(string text, string host, int port, string user)
    {
        var address = PostgresAddress.Parse(text);
        var connection = address.Connection(5, "test");
        Assert.Equal((host, port, user, "house"), (connection.Host, connection.Port, connection.Username, connection.Database));
        Assert.False(address.HasPassword);
        Assert.DoesNotContain("ada", address.ForPeople, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres://ada:hidden%20word@db.example/house")]
    [InlineData("host=db.example;password=hidden word;database=house")]
    public void A_password_is_noticed_and_never_repeated(string text)
    {
        var address = PostgresAddress.Parse(text);
        Assert.True(address.HasPassword);
        Assert.DoesNotContain("hidden", address.ForPeople + address.WithoutPassword, StringComparison.Ordinal);
        Assert.Equal("hidden word", address.Connection(1, "test").Password);
    }

    [Theory]
    [InlineData("postgres://ada:hidden@/house")]
    [InlineData("postgres://ada:hidden@db.example")]
    [InlineData("postgres://ada:hidden@db.example:port/house")]
    [InlineData("hidden")]
    [InlineData("host=db.example;colour=hidden;database=house")]
    public void What_cannot_be_read_is_refused_without_being_repeated(string text)
    {
        var fault = Assert.Throws<StoreException>(() => PostgresAddress.Parse(text));
        Assert.Equal(Reason.SettingInvalid, fault.Reason);
        Assert.DoesNotContain("hidden", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Beyond_this_machine_the_certificate_is_verified()
    {
        Assert.Equal(SslMode.VerifyFull, PostgresAddress.Parse("postgres://ada@db.example/house").Connection(1, "test").SslMode);
        Assert.Equal(SslMode.VerifyFull, PostgresAddress.Parse("postgres://ada@127.0.0.1:1,db.example:2/house").Connection(1, "test").SslMode);
        Assert.Equal(SslMode.Require, PostgresAddress.Parse("postgres://ada@db.example/house?sslmode=require").Connection(1, "test").SslMode);
        foreach (var here in new[] { "localhost", "127.0.0.1", "[::1]", "%2Fvar%2Frun%2Fpostgresql" })
            Assert.Equal(SslMode.Disable, PostgresAddress.Parse($"postgres://ada@{here}/house").Connection(1, "test").SslMode);
    }

    [Fact]
    public void Connections_are_bounded_and_statements_prepared_unless_said_otherwise()
    {
        var connection = PostgresAddress.Parse("postgres://ada@localhost/house").Connection(20, "test");
        Assert.Equal((20, 64, 3, 3), (connection.MaxPoolSize, connection.MaxAutoPrepare, connection.Timeout, connection.CommandTimeout));
        const string Said = "postgres://ada@localhost/house?Maximum%20Pool%20Size=7&Max%20Auto%20Prepare=0&Timeout=9&Command%20Timeout=8";
        connection = PostgresAddress.Parse(Said).Connection(20, "test");
        Assert.Equal((7, 0, 9, 8), (connection.MaxPoolSize, connection.MaxAutoPrepare, connection.Timeout, connection.CommandTimeout));
    }

    [Fact]
    public void Of_several_hosts_the_primary_is_meant() =>
        Assert.Equal("primary", PostgresAddress.Parse("postgres://ada@one,two/house").Connection(1, "test").TargetSessionAttributes);

    [Theory]
    [InlineData("PostgreSQL 15.18 (Debian 15.18-0+deb12u1) on x86_64", "postgresql 15.18", true)]
    [InlineData("PostgreSQL 11.2-YB-2.20.1.0-b0 on x86_64", "postgresql 11.2-yb-2.20.1.0-b0", false)]
    [InlineData("CockroachDB CCL v24.1.0 (x86_64-pc-linux-gnu)", "cockroachdb ccl", false)]
    public void Knows_who_speaks(string version, string name, bool wakes)
    {
        var dialect = PostgresDialect.Of(version);
        Assert.Equal((name, wakes), (dialect.Name, dialect.Wake("news") is not null));
    }
}
