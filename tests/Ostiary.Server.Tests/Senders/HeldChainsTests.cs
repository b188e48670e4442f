using System.Net;
using Ostiary.Server.Clients;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Senders;

/// <summary>A chain that has held is not built anew for a minute, and never counts for longer than its certificates do.</summary>
public sealed class HeldChainsTests(MtlsServer mtls) : IClassFixture<MtlsServer>
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact, Trait("Spec", "RFC 8705 §2.1")]
    public async Task A_certificate_is_judged_anew_after_a_minute()
    {
        await mtls.AddAsync("held", "tls_client_auth", "\"tls_client_auth_subject_dn\":\"CN=held\"");
        using var between = new Pki("CN=Between", mtls.Authority);
        using var certificate = between.Issue("CN=held");
        using var whole = mtls.As(certificate, between.Certificate);
        using var bare = mtls.As(certificate); // Without what leads to the authority only who is remembered gets through.

        Assert.Equal(HttpStatusCode.OK, (await whole.TokenAsync("held")).Status);
        Assert.Equal(HttpStatusCode.OK, (await bare.TokenAsync("held")).Status);
        mtls.Server.Time.Advance(HeldChains.Longest);
        (await bare.TokenAsync("held")).ShouldBeRefused("invalid_client", "OST3032", HttpStatusCode.Unauthorized);
    }

    [Fact, Trait("Spec", "RFC 5280 §4.1.2.5")]
    public async Task One_that_ends_within_that_minute_ends_then()
    {
        await mtls.AddAsync("ends", "tls_client_auth", "\"tls_client_auth_subject_dn\":\"CN=ends\"");
        await mtls.AddAsync("other", "tls_client_auth", "\"tls_client_auth_subject_dn\":\"CN=other\"");
        using var caller = mtls.As(mtls.Authority.Issue("CN=ends", until: mtls.Server.Time.Now.AddSeconds(20)));

        Assert.Equal(HttpStatusCode.OK, (await caller.TokenAsync("ends")).Status);
        (await caller.TokenAsync("other")).ShouldBeRefused("invalid_client", "OST3035", HttpStatusCode.Unauthorized); // Whose it is, is asked each time.
        mtls.Server.Time.Advance(TimeSpan.FromSeconds(30));
        (await caller.TokenAsync("ends")).ShouldBeRefused("invalid_client", "OST3033", HttpStatusCode.Unauthorized);
    }

    [Fact]
    public void It_is_remembered_from_then_until_its_end_or_for_a_minute()
    {
        var held = new HeldChains();
        held.Add("long", Now, Now.AddYears(1));
        held.Add("short", Now, Now.AddSeconds(5));

        Assert.True(held.Has("long", Now));
        Assert.False(held.Has("long", Now.AddTicks(-1))); // A clock that was set back.
        Assert.True(held.Has("long", Now + HeldChains.Longest - TimeSpan.FromTicks(1)));
        Assert.False(held.Has("long", Now + HeldChains.Longest));
        Assert.True(held.Has("short", Now.AddSeconds(4)));
        Assert.False(held.Has("short", Now.AddSeconds(5)));
        Assert.False(held.Has("other", Now));
    }

    [Fact]
    public void Not_more_than_so_many_are_remembered()
    {
        var held = new HeldChains();
        for (var i = 0; i < 3 * HeldChains.Most; i++)
            held.Add("c" + i, Now, Now.AddYears(1));

        Assert.InRange(held.Count, 1, HeldChains.Most);
        Assert.True(held.Has("c" + ((3 * HeldChains.Most) - 1), Now));
    }
}
