using Ostiary.Server.Users;

namespace Ostiary.Server.Tests.Users;

public sealed class PasswordsTests
{
    private static readonly string Hash = PasswordHash.Create("right");

    [Fact]
    public async Task Says_right_or_wrong()
    {
        using var passwords = new Passwords();
        Assert.True((await passwords.TryCheck(Hash, "right", CancellationToken.None)!).Right);
        Assert.False((await passwords.TryCheck(Hash, "wrong", CancellationToken.None)!).Right);
    }

    [Fact]
    public async Task Takes_the_password_of_nobody_for_nobody() // L07
    {
        using var passwords = new Passwords();
        Assert.False((await passwords.TryCheck(null, "right", CancellationToken.None)!).Right);
        Assert.False((await passwords.TryCheck(null, "nobody has this password", CancellationToken.None)!).Right);
    }

    [Fact]
    public async Task Offers_a_stronger_hash_where_the_old_one_is_weaker()
    {
        Assert.SkipUnless(PasswordHash.Algorithm == "argon2id", "libargon2 is not installed");
        using var passwords = new Passwords();
        var check = await passwords.TryCheck(PasswordHash.CreatePbkdf2("right"), "right", CancellationToken.None)!;
        Assert.StartsWith("$argon2id$", check.Rehashed, StringComparison.Ordinal);
        Assert.True(PasswordHash.Verify(check.Rehashed!, "right"));
        Assert.Null((await passwords.TryCheck(Hash, "right", CancellationToken.None)!).Rehashed);
    }

    [Fact]
    public void Refuses_at_once_what_does_not_fit_into_the_queue() // L18
    {
        using var passwords = new Passwords(threads: 0, waiting: 2);
        var checks = Enumerable.Range(0, 50).Select(_ => passwords.TryCheck(Hash, "right", CancellationToken.None)).ToList();
        Assert.Equal(2, checks.Count(c => c is not null));
    }

    [Fact]
    public async Task Works_off_what_waits() // L18
    {
        using var passwords = new Passwords(threads: 1, waiting: 20);
        var checks = Enumerable.Range(0, 20).Select(_ => passwords.TryCheck(Hash, "right", CancellationToken.None)!).ToList();
        Assert.All(await Task.WhenAll(checks), check => Assert.True(check.Right));
    }

    [Fact]
    public async Task Does_not_hash_for_somebody_who_has_gone()
    {
        using var passwords = new Passwords(threads: 1, waiting: 20);
        var check = passwords.TryCheck(Hash, "right", new CancellationToken(canceled: true))!;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => check);
    }
}
