using Ostiary.Protocol;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Apis;
using Ostiary.Server.Configuration;
using Ostiary.Server.Keys;
using Ostiary.Server.Tokens;

namespace Ostiary.Server.Tests.Keys;

/// <summary>Tokens that were read once are not verified again; a key that is revoked takes them with it all the same.</summary>
public sealed class RememberedTokenTests
{
    private static readonly CancellationToken Ct = CancellationToken.None;
    private readonly FakeTime _time = new();
    private readonly DocumentsInMemory _documents = new();
    private readonly MasterKey _master = MasterKey.Ephemeral();

    [Fact]
    public async Task A_token_that_was_read_is_refused_when_its_key_is_revoked()
    {
        using var ring = await OpenAsync();
        var tokens = new AccessTokens("https://id.example", ring, _master, _ => null);
        var text = tokens.Issue(Token("one"), TokenFormat.Jwt, "ES256").Text;
        Assert.Equal("one", tokens.Read(text)?.Id);
        Assert.Equal("one", tokens.Read(text)?.Id);

        await ring.RevokeAsync(ring.Signer("ES256").Key.Kid!, _documents, Ct);

        Assert.Null(tokens.Read(text));
    }

    [Fact]
    public async Task A_token_that_was_read_is_told_from_one_that_differs_in_a_character()
    {
        using var ring = await OpenAsync();
        var tokens = new AccessTokens("https://id.example", ring, _master, _ => null);
        foreach (var format in new[] { TokenFormat.Jwt, TokenFormat.Opaque })
        {
            var text = tokens.Issue(Token("one"), format, "ES256").Text;
            Assert.NotNull(tokens.Read(text));
            var changed = text[..^12] + (text[^12] == 'A' ? 'B' : 'A') + text[^11..];
            Assert.Null(tokens.Read(changed));
        }
    }

    [Fact]
    public async Task The_keys_stay_the_same_set_while_nothing_changes()
    {
        using var ring = await OpenAsync();
        var before = ring.Verification;

        await ring.MaintainAsync(Ct);

        Assert.Same(before, ring.Verification);
    }

    [Fact]
    public async Task No_more_tokens_are_remembered_than_the_bound_says()
    {
        using var ring = await OpenAsync();
        var read = new ReadTokens();
        read.Add("first", ring.Verification, Token("first"));
        for (var i = 0; i < 3 * ReadTokens.HalfSize; i++)
            read.Add($"token {i}", ring.Verification, Token("other"));

        Assert.False(read.TryFind("first", ring.Verification, out _));
        Assert.True(read.TryFind($"token {(3 * ReadTokens.HalfSize) - 1}", ring.Verification, out var last));
        Assert.Equal("other", last.Id);
        Assert.False(read.TryFind($"token {(3 * ReadTokens.HalfSize) - 1}", new JsonWebKeySet([]), out _));
    }

    private AccessToken Token(string id) =>
        new()
        {
            Id = id,
            ClientId = "robot",
            Subject = "robot",
            Audience = "https://api.example",
            Scope = ScopeSet.None,
            IssuedAt = _time.Now,
            ExpiresAt = _time.Now + TimeSpan.FromMinutes(10),
        };

    private async Task<KeyRing> OpenAsync()
    {
        var settings = new IssuerSettings();
        var ring = await KeyRing.OpenAsync(_documents, _master, () => settings, _time, Ct);
        await ring.CompleteAsync([], Ct);
        return ring;
    }
}
