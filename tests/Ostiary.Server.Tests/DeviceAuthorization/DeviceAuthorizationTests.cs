using System.Net;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.DeviceAuthorization;
using Ostiary.Server.Keys;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.DeviceAuthorization;

/// <summary>The request of a device, and what becomes of it.</summary>
public sealed class DeviceAuthorizationTests(DeviceFlow flow) : IClassFixture<DeviceFlow>
{
    [Fact]
    [Trait("Spec", "RFC 8628 §3.1")]
    [Trait("Spec", "RFC 8628 §3.2")]
    [Trait("Spec", "RFC 8628 §3.3.1")]
    public async Task A_device_gets_a_code_for_itself_and_one_for_the_person()
    {
        var answer = await flow.BeginAsync();

        Assert.StartsWith("ost_dc_", answer["device_code"], StringComparison.Ordinal);
        Assert.Matches(DeviceFlow.UserCode(), answer["user_code"]);
        Assert.Equal(flow.Server.Issuer + "/device", answer["verification_uri"]);
        Assert.Equal(flow.Server.Issuer + "/device?user_code=" + answer["user_code"], answer["verification_uri_complete"]);
        Assert.Equal(("600", "5"), (answer["expires_in"], answer["interval"]));
        Assert.Contains("no-store", answer.Response.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Spec", "RFC 8628 §3.3")]
    [Trait("Spec", "RFC 8628 §3.4")]
    [Trait("Spec", "RFC 8628 §3.5")]
    public async Task A_person_connects_a_device_and_the_device_gets_tokens()
    {
        var begun = await flow.BeginAsync("openid offline_access read");
        (await flow.PollAsync(begun["device_code"]!)).ShouldBeRefused("authorization_pending", "OST2086");
        using var alice = await flow.SignedInAsync();

        var done = await DeviceFlow.DecideAsync(alice, begun["user_code"]!);

        Assert.Contains("The device is connected", await DeviceFlow.TextAsync(done), StringComparison.Ordinal);
        var tokens = await flow.WaitAndPollAsync(begun["device_code"]!);
        Assert.Equal(HttpStatusCode.OK, tokens.Status);
        Assert.NotNull(tokens["id_token"]);
        Assert.Equal(["offline_access", "openid", "read"], tokens["scope"]!.Split(' ').Order(StringComparer.Ordinal));
        var refreshed = await flow.Tv.RefreshAsync(tokens["refresh_token"]!);
        Assert.Equal(HttpStatusCode.OK, refreshed.Status);
        var claims = await flow.Tv.UserInfoAsync(refreshed["access_token"]!);
        Assert.Equal("usr_alice", claims["sub"]);
        Assert.Equal(begun.Response.Headers.GetValues("Ostiary-Flow"), tokens.Response.Headers.GetValues("Ostiary-Flow"));
    }

    [Fact]
    [Trait("Spec", "RFC 8628 §3.5")]
    public async Task A_person_who_declines_is_reported_to_the_device() // H07
    {
        var begun = await flow.BeginAsync();
        using var alice = await flow.SignedInAsync();

        var done = await DeviceFlow.DecideAsync(alice, begun["user_code"]!, "deny");

        Assert.Contains("The device is not connected", await DeviceFlow.TextAsync(done), StringComparison.Ordinal);
        for (var i = 0; i < 2; i++)
            (await flow.WaitAndPollAsync(begun["device_code"]!)).ShouldBeRefused("access_denied", "OST2085");
    }

    [Fact]
    [Trait("Spec", "RFC 8628 §3.2")]
    public async Task H14_a_client_without_the_grant_is_refused()
    {
        using var spa = new TokenClient(flow.Server, "spa", secret: null);

        var answer = await spa.PostAsync("/device_authorization", ("scope", "openid"));

        answer.ShouldBeRefused("unauthorized_client", Refusal.CodeOf(Reason.ClientMayNotUseGrant));
        (await spa.TokenAsync(("grant_type", DeviceFlow.GrantType), ("device_code", "x"))).ShouldBeRefused("unauthorized_client", "OST2006");
    }

    [Theory]
    [Trait("Spec", "RFC 8628 §3.1")]
    [InlineData("scope", "admin", "invalid_scope", "OST1041")]
    [InlineData("scope", "email", "invalid_scope", "OST1042")] // H11
    [InlineData("resource", "https://unknown.example", "invalid_target", "OST1043")]
    [InlineData("request", "eyJhbGciOiJub25lIn0.e30.", "request_not_supported", "OST1058")]
    [InlineData("claims", "[]", "invalid_request", "OST1055")]
    public async Task It_is_judged_by_the_rules_of_every_authorization_request(string name, string value, string error, string code) =>
        (await flow.Tv.PostAsync("/device_authorization", (name, value))).ShouldBeRefused(error, code);

    [Fact]
    [Trait("Spec", "RFC 8628 §3.1")]
    public async Task It_is_read_as_strictly_as_every_form()
    {
        (await flow.Tv.PostAsync("/device_authorization?scope=openid")).ShouldBeRefused("invalid_request", "OST2002");
        (await flow.Tv.PostAsync("/device_authorization", ("scope", "openid"), ("scope", "read"))).ShouldBeRefused("invalid_request", "OST1003");
        using var unknown = new TokenClient(flow.Server, "nobody", secret: null);
        (await unknown.PostAsync("/device_authorization")).ShouldBeRefused("invalid_client", "OST3008", HttpStatusCode.Unauthorized);
    }

    [Fact]
    [Trait("Spec", "RFC 8628 §6.1")]
    public void H02_codes_are_made_of_twenty_letters_and_do_not_repeat()
    {
        var codes = new UserCodes(MasterKey.Ephemeral());
        var seen = new HashSet<string>();
        var letters = new HashSet<char>();
        for (var i = 0; i < 20_000; i++)
        {
            var (code, id) = codes.New();
            Assert.True(seen.Add(code) || seen.Count > 10_000);
            Assert.Equal(id, codes.IdOf(code));
            letters.UnionWith(code);
        }
        Assert.Equal(20, letters.Count);
        Assert.DoesNotContain('A', letters);
    }

    [Theory]
    [Trait("Spec", "RFC 8628 §6.1")]
    [InlineData("WDJB-MJHT", "WDJBMJHT")]
    [InlineData("wdjbmjht", "WDJBMJHT")]
    [InlineData(" w d-jb mj-ht ", "WDJBMJHT")]
    [InlineData("WDJBMJH", null)]
    [InlineData("WDJBMJHTT", null)]
    [InlineData("WDJB_MJHT", null)]
    [InlineData("WDJB-MJH\u0422", null)] // a Cyrillic letter that looks the same
    [InlineData("\uFF37DJBMJHT", null)] // a wide one
    [InlineData("WDJB-MJH1", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void H13_what_is_typed_is_read_in_any_case_and_with_any_dashes(string? typed, string? read) =>
        Assert.Equal(read ?? "", UserCodes.TryParse(typed, out var code) ? code : "");

    [Fact]
    [Trait("Spec", "RFC 8628 §4")]
    public async Task The_metadata_name_the_endpoint_and_the_grant()
    {
        using var http = flow.Server.NewHttp();

        var text = await http.GetStringAsync("/.well-known/openid-configuration", TestContext.Current.CancellationToken);

        Assert.Contains($"\"device_authorization_endpoint\":\"{flow.Server.Issuer}/device_authorization\"", text, StringComparison.Ordinal);
        Assert.Contains(DeviceFlow.GrantType, text, StringComparison.Ordinal);
    }
}
