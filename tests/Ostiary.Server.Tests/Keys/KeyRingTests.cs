using System.Text;
using System.Text.Json;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Configuration;
using Ostiary.Server.Keys;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Tests.Keys;

public sealed class KeyRingTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly CancellationToken Ct = CancellationToken.None;
    private readonly FakeTime _time = new();
    private readonly DocumentsInMemory _documents = new();
    private readonly MasterKey _master = MasterKey.Ephemeral();
    private IssuerSettings _settings = new();

    [Fact]
    public async Task Signs_with_ES256_and_RS256_from_the_start()
    {
        using var ring = await OpenAsync();

        Assert.Equal("ES256", ring.Signer("ES256").Algorithm);
        Assert.Equal("RS256", ring.Signer("RS256").Algorithm);
        Assert.Matches("^es256-2026-11-20-[0-9a-f]{8}$", ring.Signer("ES256").Key.Kid);
        Assert.All(ring.List(), key => Assert.Equal(KeyState.Active, key.State));
        AssertAccepted(ring, ring.Signer("ES256"));
        AssertAccepted(ring, ring.Signer("RS256"));
    }

    [Fact]
    public async Task Keeps_its_keys_when_it_is_opened_again()
    {
        using var first = await OpenAsync();
        using var second = await OpenAsync();

        Assert.Equal(first.Signer("ES256").Key.Kid, second.Signer("ES256").Key.Kid);
        Assert.Equal(first.Jwks.ETag, second.Jwks.ETag);
        AssertAccepted(first, second.Signer("RS256"));
    }

    [Fact]
    public async Task Makes_keys_of_other_algorithms_when_they_are_first_needed()
    {
        using var ring = await OpenAsync();
        Assert.Throws<StoreException>(() => ring.Signer("ES384"));

        await ring.EnsureAsync(["ES384", "HS256", "ES256"], Ct);

        Assert.Equal("ES384", ring.Signer("ES384").Algorithm);
        Assert.Equal(3, ring.List().Count);
        AssertAccepted(ring, ring.Signer("ES384"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await ring.EnsureAsync(["none"], Ct));
    }

    [Fact]
    public async Task A_key_that_nobody_asked_for_is_made_in_the_background()
    {
        using var ring = await OpenAsync();
        var made = new TaskCompletionSource();
        _documents.BeforeCommit = () =>
        {
            made.SetResult();
            return Task.CompletedTask;
        };

        Assert.Equal(Reason.KeyUnreadable, Assert.Throws<StoreException>(() => ring.Signer("PS256")).Reason);
        Assert.Throws<StoreException>(() => ring.Signer("none"));
        await made.Task.WaitAsync(TimeSpan.FromSeconds(120), Ct);
        await ring.MaintainAsync(Ct);

        AssertAccepted(ring, ring.Signer("PS256"));
        Assert.Single(ring.List(), key => key.Alg == "PS256");
    }

    [Fact]
    public async Task Keeps_a_retiring_key_for_the_longest_token_that_was_configured()
    {
        using var ring = await OpenAsync();
        ring.LongestToken = () => TimeSpan.FromDays(30);
        var old = ring.Signer("ES256");
        await ring.RotateAsync("ES256", force: true, Ct);

        await PassAsync(ring, TimeSpan.FromDays(30));
        AssertAccepted(ring, old);
        await PassAsync(ring, TimeSpan.FromDays(1));
        AssertNotAccepted(ring, old);
    }

    [Fact]
    public async Task A_cache_lifetime_that_is_changed_is_announced_at_once()
    {
        using var ring = await OpenAsync();
        _settings = new IssuerSettings { JwksCacheLifetime = TimeSpan.FromSeconds(3) };

        Assert.Equal(TimeSpan.FromSeconds(3), ring.Jwks.MaxAge);
    }

    [Fact]
    public async Task A_cache_lifetime_that_is_lowered_waits_for_verifiers_that_were_told_of_the_longer_one()
    {
        _settings = new IssuerSettings { JwksCacheLifetime = TimeSpan.FromHours(6) };
        (await OpenAsync()).Dispose();
        _time.Advance(TimeSpan.FromDays(1));
        _settings = new IssuerSettings { JwksCacheLifetime = TimeSpan.FromSeconds(3) };
        (await OpenAsync()).Dispose();
        using var ring = await OpenAsync();
        var lowered = _time.Now;

        var successor = await ring.RotateAsync("ES256", force: false, Ct);
        Assert.InRange(successor.ReadyAt - lowered, TimeSpan.FromHours(6), TimeSpan.FromHours(6.1));
        Assert.Equal(TimeSpan.FromSeconds(3), ring.Jwks.MaxAge);

        await PassAsync(ring, TimeSpan.FromHours(6.1));
        Assert.Equal(successor.Kid, ring.Signer("ES256").Key.Kid);
        var next = await ring.RotateAsync("ES256", force: false, Ct);
        Assert.InRange(next.ReadyAt - _time.Now, TimeSpan.FromSeconds(3), Minute);
    }

    [Fact]
    public async Task A_cache_lifetime_that_is_lowered_twice_still_covers_the_longest()
    {
        _settings = new IssuerSettings { JwksCacheLifetime = TimeSpan.FromHours(6) };
        using var ring = await OpenAsync();
        foreach (var minutes in new[] { 60, 1 })
        {
            _settings = new IssuerSettings { JwksCacheLifetime = TimeSpan.FromMinutes(minutes) };
            await PassAsync(ring, TimeSpan.FromMinutes(10));
        }

        Assert.True((await ring.RotateAsync("ES256", force: false, Ct)).ReadyAt - _time.Now >= TimeSpan.FromHours(6));
    }

    [Fact, Trait("Spec", "RFC 7517 §8.5.2")]
    public async Task Serves_public_material_only()
    {
        using var ring = await OpenAsync();

        Assert.Equal("application/jwk-set+json", JwksDocument.ContentType);
        Assert.Equal(_settings.JwksCacheLifetime, ring.Jwks.MaxAge);
        Assert.True(JsonWebKeySet.TryParse(ring.Jwks.Bytes, publicOnly: true, out var set, out _));
        Assert.Equal(2, set.Keys.Count);
        using var json = JsonDocument.Parse(ring.Jwks.Bytes);
        foreach (var key in json.RootElement.GetProperty("keys").EnumerateArray())
        {
            Assert.Equal("sig", key.GetProperty("use").GetString());
            Assert.NotEmpty(key.GetProperty("kid").GetString()!);
            Assert.NotEmpty(key.GetProperty("alg").GetString()!);
            Assert.DoesNotContain(key.EnumerateObject(), member => member.Name is "d" or "p" or "q" or "dp" or "dq" or "qi" or "k");
        }
    }

    [Fact]
    public async Task Stores_no_private_material_in_the_clear()
    {
        using var ring = await OpenAsync();
        await ring.RotateAsync("RS256", force: true, Ct);

        foreach (var document in _documents.All)
        {
            using var json = JsonDocument.Parse(document.Json);
            var names = json
                .RootElement.EnumerateObject()
                .Concat(json.RootElement.GetProperty("public").EnumerateObject())
                .Select(member => member.Name);
            Assert.DoesNotContain(names, name => name is "d" or "p" or "q" or "dp" or "dq" or "qi" or "k");
            Assert.DoesNotContain("\"d\"", document.Json, StringComparison.Ordinal);
        }
        foreach (var signer in new[] { ring.Signer("ES256"), ring.Signer("RS256") })
        {
            using var own = JsonDocument.Parse(signer.Key.ToPrivateUtf8());
            var secret = own.RootElement.GetProperty("d").GetString()!;
            Assert.All(_documents.All, document => Assert.DoesNotContain(secret, document.Json, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Refuses_to_open_with_another_master_key()
    {
        (await OpenAsync()).Dispose();

        var fault = await Assert.ThrowsAsync<StoreException>(async () =>
            await KeyRing.OpenAsync(_documents, MasterKey.Ephemeral(), () => _settings, _time, Ct)
        );

        Assert.Equal(Reason.KeyUnreadable, fault.Reason);
        Assert.Contains("master.key", fault.Message, StringComparison.Ordinal);
        Assert.Equal(2, _documents.All.Count);
    }

    [Fact]
    public async Task Refuses_keys_whose_parts_were_exchanged()
    {
        using var ring = await OpenAsync();
        await ring.RotateAsync("ES256", force: false, Ct);
        var pair = _documents.All.Where(document => document.Id.StartsWith("es256", StringComparison.Ordinal)).ToList();
        var other = SealedOf(pair[1]);
        var mixed = pair[0].Json.Replace(SealedOf(pair[0]), other, StringComparison.Ordinal);
        var revision = (await _documents.LoadAsync(Ct)).Revision;
        await _documents.TryCommitAsync([new DocumentChange("key", pair[0].Id, mixed)], revision, Ct);

        var fault = await Assert.ThrowsAsync<StoreException>(async () => await OpenAsync());

        Assert.Equal(Reason.KeyUnreadable, fault.Reason);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("nonsense")]
    [InlineData("""{"version":1,"kid":"damaged","alg":"ES256","state":"strange"}""")]
    public async Task Names_a_damaged_document(string json)
    {
        await _documents.TryCommitAsync([new DocumentChange("key", "damaged", json)], 0, Ct);

        var fault = await Assert.ThrowsAsync<StoreException>(async () => await OpenAsync());

        Assert.Equal(Reason.KeyUnreadable, fault.Reason);
        Assert.Contains("damaged", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publishes_a_successor_before_it_signs_and_keeps_the_old_key_after()
    {
        using var ring = await OpenAsync();
        var old = ring.Signer("ES256");
        var tag = ring.Jwks.ETag;

        await PassAsync(ring, _settings.KeyRotation - TimeSpan.FromMinutes(7));
        Assert.Equal(tag, ring.Jwks.ETag);
        await PassAsync(ring, TimeSpan.FromMinutes(1));
        var successor = ring.List().Single(key => key is { State: KeyState.Published, Alg: "ES256" });
        Assert.NotEqual(tag, ring.Jwks.ETag);
        Assert.Same(old, ring.Signer("ES256"));

        await PassAsync(ring, _settings.JwksCacheLifetime);
        Assert.Same(old, ring.Signer("ES256"));
        await PassAsync(ring, Minute);
        Assert.Equal(successor.Kid, ring.Signer("ES256").Key.Kid);
        AssertAccepted(ring, old);
        AssertAccepted(ring, ring.Signer("ES256"));

        await PassAsync(ring, TimeSpan.FromHours(47));
        AssertAccepted(ring, old);
        await PassAsync(ring, TimeSpan.FromHours(1));
        AssertNotAccepted(ring, old);
        Assert.Equal(KeyState.Gone, ring.List().Single(key => key.Kid == old.Key.Kid).State);
        Assert.Contains(ring.History.Keys, key => key.Kid == old.Key.Kid);
    }

    [Fact]
    public async Task Never_signs_with_a_key_that_a_verifier_may_not_know_over_many_rotations()
    {
        _settings = new IssuerSettings { KeyRotation = TimeSpan.FromMinutes(30) };
        using var ring = await OpenAsync();
        using var other = await OpenAsync();
        var published = new Dictionary<string, DateTimeOffset>();
        for (var minute = 0; minute < 200; minute++)
        {
            var first = minute == 0;
            foreach (var key in other.Verification.Keys)
                published.TryAdd(key.Kid!, first ? DateTimeOffset.MinValue : _time.Now);
            AssertAccepted(other, ring.Signer("ES256"));
            AssertAccepted(ring, other.Signer("ES256"));
            Assert.True(_time.Now - published[ring.Signer("ES256").Key.Kid!] >= _settings.JwksCacheLifetime);
            await PassAsync(ring, Minute);
            await other.MaintainAsync(Ct);
        }
        Assert.InRange(ring.List().Count(key => key.Alg == "ES256"), 6, 9);
        Assert.Equal(ring.List().Count, ring.List().Select(key => key.Kid).Distinct().Count());
    }

    [Fact]
    public async Task Rotates_by_hand_only_when_the_successor_is_known_unless_forced()
    {
        using var ring = await OpenAsync();
        var old = ring.Signer("ES256");

        var successor = await ring.RotateAsync("ES256", force: false, Ct);
        Assert.Equal(KeyState.Published, successor.State);
        Assert.Equal(successor.Kid, (await ring.RotateAsync("ES256", force: false, Ct)).Kid);
        Assert.Same(old, ring.Signer("ES256"));

        var forced = await ring.RotateAsync("ES256", force: true, Ct);
        Assert.Equal((successor.Kid, KeyState.Active), (forced.Kid, forced.State));
        Assert.Equal(successor.Kid, ring.Signer("ES256").Key.Kid);
        AssertAccepted(ring, old);
        await Assert.ThrowsAsync<ArgumentException>(async () => await ring.RotateAsync("HS256", force: true, Ct));
    }

    [Fact]
    public async Task Retires_an_active_key_once_its_successor_may_sign()
    {
        using var ring = await OpenAsync();
        var kid = ring.Signer("ES256").Key.Kid!;

        Assert.Equal(KeyState.Active, (await ring.RetireAsync(kid, Ct))!.State);
        await PassAsync(ring, KeyMint.Lead(_settings));

        Assert.Equal(KeyState.Retiring, ring.List().Single(key => key.Kid == kid).State);
        Assert.Null(await ring.RetireAsync("unknown", Ct));
    }

    [Fact]
    public async Task Drops_a_published_key_that_is_retired()
    {
        using var ring = await OpenAsync();
        var successor = await ring.RotateAsync("ES256", force: false, Ct);

        Assert.Equal(KeyState.Gone, (await ring.RetireAsync(successor.Kid, Ct))!.State);
        Assert.DoesNotContain(ring.Verification.Keys, key => key.Kid == successor.Kid);
    }

    [Fact]
    public async Task Revocation_takes_effect_at_once_and_is_announced()
    {
        using var ring = await OpenAsync();
        var stolen = ring.Signer("RS256");

        var gone = await ring.RevokeAsync(stolen.Key.Kid!, _documents, Ct);

        Assert.True(gone is { Revoked: true, State: KeyState.Gone });
        Assert.NotEqual(stolen.Key.Kid, ring.Signer("RS256").Key.Kid);
        AssertNotAccepted(ring, stolen);
        AssertAccepted(ring, ring.Signer("RS256"));
        Assert.DoesNotContain(ring.History.Keys, key => key.Kid == stolen.Key.Kid);
        Assert.DoesNotContain("sealed", _documents.All.Single(document => document.Id == stolen.Key.Kid).Json, StringComparison.Ordinal);
        var entry = Assert.Single(_documents.Feed);
        Assert.Equal((ChangeKind.KeyRevoked, stolen.Key.Kid), (entry.Kind, entry.Id));
        Assert.True(entry.Until >= _time.Now + TimeSpan.FromHours(24));
        Assert.Null(await ring.RevokeAsync("unknown", _documents, Ct));
    }

    [Fact]
    public async Task Revocation_lets_a_published_successor_sign()
    {
        using var ring = await OpenAsync();
        var successor = await ring.RotateAsync("ES256", force: false, Ct);

        await ring.RevokeAsync(ring.Signer("ES256").Key.Kid!, _documents, Ct);

        Assert.Equal(successor.Kid, ring.Signer("ES256").Key.Kid);
    }

    [Fact]
    public async Task Another_node_sees_a_revocation_at_its_next_maintenance()
    {
        using var ring = await OpenAsync();
        using var other = await OpenAsync();
        var stolen = ring.Signer("ES256");

        await ring.RevokeAsync(stolen.Key.Kid!, _documents, Ct);
        await other.MaintainAsync(Ct);

        AssertNotAccepted(other, stolen);
        Assert.Equal(ring.Signer("ES256").Key.Kid, other.Signer("ES256").Key.Kid);
    }

    [Fact]
    public async Task Two_nodes_that_open_at_the_same_time_agree_on_one_key()
    {
        _documents.BeforeCommit = async () => (await OpenAsync()).Dispose();

        using var loser = await OpenAsync();
        using var later = await OpenAsync();

        Assert.Equal(1, _documents.Conflicts);
        Assert.Equal(2, _documents.All.Count);
        Assert.Equal(later.Signer("ES256").Key.Kid, loser.Signer("ES256").Key.Kid);
    }

    [Fact]
    public async Task Nodes_that_rotate_at_the_same_time_converge()
    {
        using var one = await OpenAsync();
        using var two = await OpenAsync();
        _time.Advance(_settings.KeyRotation);

        for (var round = 0; round < 10; round++)
        {
            await Task.WhenAll(one.MaintainAsync(Ct).AsTask(), two.MaintainAsync(Ct).AsTask());
            _time.Advance(Minute);
        }
        await one.MaintainAsync(Ct);
        await two.MaintainAsync(Ct);

        Assert.Equal(one.List(), two.List());
        Assert.Equal(4, one.List().Count);
        Assert.Equal(one.Signer("ES256").Key.Kid, two.Signer("ES256").Key.Kid);
    }

    [Fact]
    public async Task An_unrelated_change_of_the_configuration_does_not_disturb_a_rotation()
    {
        using var ring = await OpenAsync();
        _documents.BeforeCommit = async () =>
            await _documents.TryCommitAsync([new DocumentChange("client", "spa", "{}")], (await _documents.LoadAsync(Ct)).Revision, Ct);

        var successor = await ring.RotateAsync("ES256", force: true, Ct);

        Assert.Equal(successor.Kid, ring.Signer("ES256").Key.Kid);
        Assert.Equal(1, _documents.Conflicts);
    }

    [Fact]
    public async Task A_revision_that_changes_nothing_for_the_keys_is_not_read_and_any_other_is()
    {
        using var ring = await OpenAsync();
        await ring.ReloadAsync(Ct);
        var (known, loads) = (await _documents.RevisionAsync(Ct), _documents.Loads);
        await ring.ReloadAsync(Ct, known);
        ring.PassOver(known + 1);
        await ring.ReloadAsync(Ct, known + 1);
        Assert.Equal(loads, _documents.Loads);

        ring.PassOver(known + 3); // Of the one before it nothing is known.
        await ring.ReloadAsync(Ct, known + 3);

        Assert.Equal(loads + 1, _documents.Loads);
    }

    [Fact]
    public async Task Forgets_keys_that_are_long_gone()
    {
        using var ring = await OpenAsync();
        var old = ring.Signer("ES256").Key.Kid;
        await ring.RotateAsync("ES256", force: true, Ct);
        await PassAsync(ring, TimeSpan.FromDays(3));
        Assert.Contains(ring.List(), key => key.Kid == old);

        await PassAsync(ring, TimeSpan.FromDays(401));

        Assert.DoesNotContain(ring.List(), key => key.Kid == old);
    }

    private async ValueTask<KeyRing> OpenAsync()
    {
        var ring = await KeyRing.OpenAsync(_documents, _master, () => _settings, _time, Ct);
        await ring.CompleteAsync([], Ct);
        return ring;
    }

    private async Task PassAsync(KeyRing ring, TimeSpan time)
    {
        _time.Advance(time);
        await ring.MaintainAsync(Ct);
    }

    private static string SealedOf(Document document)
    {
        using var json = JsonDocument.Parse(document.Json);
        return json.RootElement.GetProperty("sealed").GetString()!;
    }

    private static void AssertAccepted(KeyRing ring, JwsSigner signer) => Assert.True(IsAccepted(ring, signer));

    private static void AssertNotAccepted(KeyRing ring, JwsSigner signer) => Assert.False(IsAccepted(ring, signer));

    private static bool IsAccepted(KeyRing ring, JwsSigner signer)
    {
        var token = signer.Sign("at+jwt", Encoding.ASCII.GetBytes("{}"));
        Assert.True(JsonWebKeySet.TryParse(ring.Jwks.Bytes, publicOnly: true, out var served, out _));
        var policy = new JwsPolicy { Algorithms = ["ES256", "ES384", "RS256", "PS256"], Types = ["at+jwt"] };
        var bySet = Jws.TryVerify(token, ring.Verification, policy, out _, out _);
        Assert.Equal(bySet, Jws.TryVerify(token, served, policy, out _, out _));
        return bySet;
    }
}
