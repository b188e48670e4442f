using Ostiary.Server.Users;

namespace Ostiary.Server.Tests.Users;

public sealed class PasswordHashTests
{
    [Fact]
    public void Verifies_what_it_made_and_nothing_else()
    {
        var hash = PasswordHash.Create("pass word ✓");
        Assert.True(PasswordHash.Verify(hash, "pass word ✓"));
        Assert.False(PasswordHash.Verify(hash, "pass word"));
        Assert.False(PasswordHash.Verify(hash, "Pass word ✓"));
        Assert.False(PasswordHash.NeedsRehash(hash));
        Assert.NotEqual(hash, PasswordHash.Create("pass word ✓"));
    }

    [Fact]
    public void Makes_argon2id_of_the_demanded_cost_where_the_library_is()
    {
        Assert.SkipUnless(PasswordHash.Algorithm == "argon2id", "libargon2 is not installed");
        Assert.StartsWith("$argon2id$v=19$m=19456,t=2,p=1$", PasswordHash.Create("a"), StringComparison.Ordinal);
    }

    [Fact]
    public void Reads_a_hash_of_the_reference_implementation()
    {
        Assert.SkipUnless(PasswordHash.Algorithm == "argon2id", "libargon2 is not installed");
        // printf password | argon2 somesalt -id -t 2 -k 256 -p 1 -l 24 -e
        const string Reference = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        Assert.True(PasswordHash.Verify(Reference, "password"));
        Assert.False(PasswordHash.Verify(Reference, "Password"));
        Assert.True(PasswordHash.NeedsRehash(Reference));
    }

    [Fact]
    public void Verifies_the_fallback_kind_and_asks_for_a_stronger_one()
    {
        var hash = PasswordHash.CreatePbkdf2("secret");
        Assert.StartsWith("$pbkdf2-sha256$i=600000$", hash, StringComparison.Ordinal);
        Assert.True(PasswordHash.Verify(hash, "secret"));
        Assert.False(PasswordHash.Verify(hash, "secret2"));
        Assert.Equal(PasswordHash.Algorithm == "argon2id", PasswordHash.NeedsRehash(hash));
    }

    [Fact]
    public void Tells_long_twins_apart() // L17
    {
        var start = new string('a', 72);
        var hash = PasswordHash.Create(start + "1");
        Assert.False(PasswordHash.Verify(hash, start + "2"));
        Assert.False(PasswordHash.Verify(hash, start));
    }

    [Theory] // L17
    [InlineData("", false)]
    [InlineData("a\0b", false)]
    [InlineData("a", true)]
    public void Takes_passwords_without_NUL(string password, bool acceptable) => Assert.Equal(acceptable, PasswordHash.IsAcceptable(password));

    [Fact]
    public void Takes_passwords_of_1024_bytes_and_no_more() // L17
    {
        Assert.True(PasswordHash.IsAcceptable(new string('a', 1024)));
        Assert.False(PasswordHash.IsAcceptable(new string('a', 1025)));
        Assert.False(PasswordHash.IsAcceptable(new string('ä', 513)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("plain")]
    [InlineData("$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$short")]
    [InlineData("$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("$argon2id$v=19$m=256,t=2$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("$pbkdf2-sha256$i=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("$2b$12$abcdefghijklmnopqrstuv")]
    public void Refuses_hashes_that_it_cannot_read_or_that_would_cost_too_much(string phc)
    {
        Assert.False(PasswordHash.Verify(phc, "password"));
        Assert.True(PasswordHash.NeedsRehash(phc));
    }
}
