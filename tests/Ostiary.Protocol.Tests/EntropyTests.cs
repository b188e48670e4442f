namespace Ostiary.Protocol.Tests;

public sealed class EntropyTests
{
    [Fact]
    public void Values_have_their_length_and_do_not_repeat()
    {
        Assert.Equal(43, Entropy.Text(32).Length);
        Assert.Equal(267, Entropy.Text(200).Length);
        Assert.Empty(Entropy.Bytes(0));
        Assert.Equal(1000, Enumerable.Range(0, 1000).Select(_ => Entropy.Text(16)).Distinct().Count());
        Assert.All(Enumerable.Range(0, 100), _ => Assert.InRange(Entropy.Below(3), 0, 2));
    }

    [Fact]
    public void Threads_that_draw_at_once_never_get_the_same_bytes()
    {
        var drawn = new System.Collections.Concurrent.ConcurrentBag<string>();

        Parallel.For(0, 20_000, i => drawn.Add(Entropy.Text(8 + (i % 57))[..11]));

        Assert.Equal(20_000, drawn.Distinct().Count());
        Assert.DoesNotContain("AAAAAAAAAAA", drawn);
    }

    [Fact]
    public void Identifiers_are_random_uuids()
    {
        var identifier = Entropy.Identifier();

        Assert.Equal((4, true), (identifier.Version, identifier.Variant is >= 8 and <= 11));
        Assert.NotEqual(identifier, Entropy.Identifier());
    }

    [Fact]
    public void Comparison_tells_equal_from_different()
    {
        Assert.True(FixedTime.Equals("abc"u8, "abc"u8));
        Assert.True(FixedTime.Equals([], []));
        Assert.False(FixedTime.Equals("abc"u8, "abd"u8));
        Assert.False(FixedTime.Equals("abc"u8, "ab"u8));
    }
}
