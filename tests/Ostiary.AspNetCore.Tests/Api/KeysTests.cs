using System.Net;
using Ostiary.AspNetCore.Api;
using Ostiary.AspNetCore.Issuers;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;

namespace Ostiary.AspNetCore.Tests.Api;

public sealed class KeysTests : IAsyncLifetime
{
    private const string Document = "/.well-known/openid-configuration";
    private static readonly JsonWebKey NewKey = JsonWebKey.Generate("ES256", "key-2");
    private ApiUnderTest _api = null!;

    public async ValueTask InitializeAsync() => _api = await ApiUnderTest.StartAsync();

    public async ValueTask DisposeAsync() => await _api.DisposeAsync();

    private async Task AssertAllowedAsync(string? token = null)
    {
        using var response = await _api.GetAsync(token ?? _api.Issuer.AccessToken());
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private async Task AssertRefusedAsync(Reason reason, string? token = null)
    {
        using var response = await _api.GetAsync(token ?? _api.Issuer.AccessToken());
        await _api.AssertRefusedAsync(reason, response);
    }

    [Fact]
    [Trait("Spec", "OIDC Discovery §4")]
    public async Task Keys_are_fetched_when_first_needed_and_then_kept()
    {
        Assert.Empty(_api.Issuer.Asked);
        await AssertAllowedAsync();
        await AssertAllowedAsync();
        Assert.Equal([Document, "/jwks"], _api.Issuer.Asked);
    }

    [Fact]
    public async Task Many_first_requests_cause_one_fetch()
    {
        var token = _api.Issuer.AccessToken();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => AssertAllowedAsync(token)));
        Assert.Equal(1, _api.Issuer.Count("/jwks"));
    }

    [Fact]
    public async Task An_unknown_key_is_looked_for_once_and_not_again_for_ten_seconds()
    {
        await AssertAllowedAsync();
        _api.Issuer.Published.Add(NewKey.ToPublic());
        _api.Issuer.Key = NewKey;
        await AssertAllowedAsync();
        Assert.Equal(2, _api.Issuer.Count("/jwks"));
        for (var i = 0; i < 20; i++)
            await AssertRefusedAsync(Reason.BearerSignatureInvalid, _api.Issuer.AccessToken(key: NewKey.WithKid("random-" + i)));
        Assert.Equal(2, _api.Issuer.Count("/jwks"));
        _api.Clock.Advance(IssuerConnection.UnknownKeyPause);
        await AssertRefusedAsync(Reason.BearerSignatureInvalid, _api.Issuer.AccessToken(key: NewKey.WithKid("random")));
        Assert.Equal(3, _api.Issuer.Count("/jwks"));
    }

    [Fact]
    public async Task A_withdrawn_key_no_longer_opens_even_to_tokens_that_were_good_before()
    {
        var token = _api.Issuer.AccessToken(c => c["exp"] = _api.Issuer.Now + 3600);
        await AssertAllowedAsync(token);
        _api.Issuer.Published.RemoveAt(0);
        _api.Clock.Advance(TimeSpan.FromMinutes(10));
        await AssertRefusedAsync(Reason.BearerSignatureInvalid, token);
    }

    [Theory]
    [InlineData("max-age=1", 60)]
    [InlineData("max-age=120", 120)]
    [InlineData("max-age=9999999", 86400)]
    [InlineData(null, 600)]
    public async Task Keys_are_fresh_as_long_as_the_issuer_says_within_bounds(string? cacheControl, int seconds)
    {
        _api.Issuer.CacheControl = cacheControl;
        await AssertAllowedAsync();
        _api.Clock.Advance(TimeSpan.FromSeconds(seconds - 1));
        await AssertAllowedAsync();
        Assert.Equal(1, _api.Issuer.Count("/jwks"));
        _api.Clock.Advance(TimeSpan.FromSeconds(1));
        await AssertAllowedAsync();
        Assert.Equal(2, _api.Issuer.Count("/jwks"));
    }

    [Fact]
    public async Task Without_keys_nothing_passes_and_the_issuer_is_asked_again_later()
    {
        _api.Issuer.IsDown = true;
        await AssertRefusedAsync(Reason.IssuerUnreachable);
        await AssertRefusedAsync(Reason.IssuerUnreachable);
        Assert.Equal(1, _api.Issuer.Count(Document));
        _api.Issuer.IsDown = false;
        _api.Clock.Advance(TimeSpan.FromSeconds(1));
        await AssertAllowedAsync();
    }

    [Fact]
    public async Task Old_keys_serve_while_the_issuer_is_away_but_not_for_ever()
    {
        await AssertAllowedAsync();
        _api.Issuer.IsDown = true;
        _api.Clock.Advance(TimeSpan.FromHours(1));
        await AssertAllowedAsync();
        _api.Clock.Advance(TimeSpan.FromHours(22.5));
        await AssertAllowedAsync();
        _api.Clock.Advance(TimeSpan.FromHours(1));
        await AssertRefusedAsync(Reason.IssuerUnreachable);
    }

    [Theory]
    [InlineData("https://other.example")]
    [InlineData("")]
    [InlineData(null)]
    [Trait("Spec", "OIDC Discovery §4.3")]
    public async Task Refuses_the_document_of_another_issuer(string? named)
    {
        _api.Issuer.ChangeDocument = document => document["issuer"] = named;
        await AssertRefusedAsync(Reason.IssuerUnreachable);
        Assert.Equal(0, _api.Issuer.Count("/jwks"));
    }

    [Theory]
    [InlineData("http://keys.example/jwks")]
    [InlineData("file:///etc/passwd")]
    [InlineData("https://user@keys.example/jwks")]
    [InlineData("/jwks")]
    [Trait("Spec", "RFC 9700 §2.6")]
    public async Task Refuses_keys_at_an_address_that_may_not_be_asked(string address)
    {
        _api.Issuer.ChangeDocument = document => document["jwks_uri"] = address;
        await AssertRefusedAsync(Reason.IssuerUnreachable);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\",\"kid\":\"key-1\"}]}")]
    public async Task Refuses_a_key_set_that_is_none(string text)
    {
        _api.Issuer.JwksText = text;
        await AssertRefusedAsync(Reason.IssuerUnreachable);
    }

    [Fact]
    public async Task Reads_no_more_than_its_bound()
    {
        _api.Issuer.JwksText = "{\"keys\":[]" + new string(' ', 300 * 1024) + "}";
        await AssertRefusedAsync(Reason.IssuerUnreachable);
    }

    [Theory]
    [InlineData("")]
    [InlineData("http://id.example")]
    [InlineData("https://id.example?x=1")]
    [InlineData("id.example")]
    public void Options_that_cannot_be_meant_are_refused_at_start(string issuer) =>
        Assert.Throws<ArgumentException>(() => new ApiOptions { Issuer = issuer, Audience = "a" }.Validate());

    [Fact]
    public void Symmetric_algorithms_are_refused_at_start() =>
        Assert.Throws<ArgumentException>(() =>
            new ApiOptions
            {
                Issuer = "https://id.example",
                Audience = "a",
                Algorithms = ["HS256"],
            }.Validate()
        );

    [Fact]
    public void A_cache_forgets_what_was_not_asked_for()
    {
        var cache = new BoundedCache<string>(4);
        var now = DateTimeOffset.UnixEpoch;
        for (var i = 0; i < 100; i++)
            cache.Put(UInt256.HashOf($"token {i}"), "known", now.AddMinutes(1));
        Assert.True(cache.Count <= 4);
        Assert.Equal("known", cache.Find(UInt256.HashOf("token 99"), now));
        Assert.Null(cache.Find(UInt256.HashOf("token 0"), now));
        Assert.Null(cache.Find(UInt256.HashOf("token 99"), now.AddMinutes(1)));
    }
}
