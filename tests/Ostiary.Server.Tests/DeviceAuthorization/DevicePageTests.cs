using System.Net;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.DeviceAuthorization;

/// <summary>The page where a device is connected, and what nobody can do with it.</summary>
public sealed class DevicePageTests(DeviceFlow flow) : IClassFixture<DeviceFlow>
{
    private async Task ShouldStillWaitAsync(Answer begun)
    {
        flow.Server.Time.Advance(TimeSpan.FromSeconds(30));
        (await flow.PollAsync(begun["device_code"]!)).ShouldBeRefused("authorization_pending", "OST2086");
    }

    [Fact]
    [Trait("Spec", "RFC 8628 §3.3")]
    public async Task It_shows_the_code_the_app_the_scopes_and_when_and_where_it_was_asked()
    {
        var begun = await flow.BeginAsync("openid read");
        flow.Server.Time.Advance(TimeSpan.FromMinutes(3));
        using var alice = await flow.SignedInAsync();

        var page = await DeviceFlow.TypeAsync(alice, begun["user_code"]!.ToLowerInvariant().Replace("-", "", StringComparison.Ordinal));

        var html = await DeviceFlow.TextAsync(page);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        foreach (var shown in new[] { begun["user_code"]!, "Living room", "Read your notes", "3 minutes ago", "127.0.0.0/24", "alice", "decline" })
            Assert.Contains(shown, html, StringComparison.Ordinal);
        Assert.True(html.IndexOf("value=\"deny\"", StringComparison.Ordinal) < html.IndexOf("value=\"allow\"", StringComparison.Ordinal)); // H20
        Assert.DoesNotContain("autofocus", html, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Spec", "RFC 8628 §3.3.1")]
    public async Task H08_a_link_with_the_code_only_fills_in_the_field()
    {
        var begun = await flow.BeginAsync();
        using var alice = await flow.SignedInAsync();

        var page = await alice.GetAsync(begun["verification_uri_complete"]!);

        var html = await DeviceFlow.TextAsync(page);
        Assert.Equal(begun["user_code"], Browser.Field(html, "user_code"));
        Assert.DoesNotContain("decision", html, StringComparison.Ordinal);
        Assert.DoesNotContain("Living room", html, StringComparison.Ordinal);
        await ShouldStillWaitAsync(begun);
    }

    [Fact]
    [Trait("Spec", "RFC 8628 §3.3")]
    public async Task Who_is_not_signed_in_does_that_first_and_comes_back()
    {
        var begun = await flow.BeginAsync();
        using var browser = flow.Server.NewBrowser();

        var to = (await browser.GetAsync(begun["verification_uri_complete"]!)).Headers.Location!.OriginalString;
        var login = await browser.GetAsync(to);
        Assert.Contains("to connect a device", await DeviceFlow.TextAsync(login), StringComparison.Ordinal);
        var back = await browser.FillAsync(login, "alice", TestServer.Password, "allow");

        Assert.Equal("/device?user_code=" + begun["user_code"], back!.Headers.Location!.OriginalString);
        // Whoever is signed in already is not asked again, and nobody is sent elsewhere.
        Assert.Equal(back.Headers.Location.OriginalString, (await browser.GetAsync(to)).Headers.Location!.OriginalString);
        var odd = await browser.GetAsync("/login?user_code=" + Uri.EscapeDataString("//evil.test/\r\n"));
        Assert.StartsWith("/device?user_code=", odd.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Spec", "RFC 8628 §3.3")]
    public async Task Who_typed_the_address_by_hand_comes_back_to_type_the_code()
    {
        var begun = await flow.BeginAsync();
        using var browser = flow.Server.NewBrowser();

        var to = (await browser.GetAsync(begun["verification_uri"]!)).Headers.Location!.OriginalString;
        var login = await browser.GetAsync(to);
        Assert.Contains("to connect a device", await DeviceFlow.TextAsync(login), StringComparison.Ordinal);
        var back = await browser.FillAsync(login, "alice", TestServer.Password, "allow");

        var page = await browser.GetAsync(back!.Headers.Location!.OriginalString);
        Assert.Equal("/device", page.RequestMessage!.RequestUri!.AbsolutePath);
        Assert.Equal("", Browser.Field(await DeviceFlow.TextAsync(page), "user_code"));
    }

    [Fact]
    [Trait("Spec", "RFC 8628 §5.4")]
    public async Task H09_it_is_not_approved_by_GET_nor_across_sites_nor_without_its_page()
    {
        var begun = await flow.BeginAsync();
        var other = await flow.BeginAsync();
        using var alice = await flow.SignedInAsync();
        var code = begun["user_code"]!;
        var entry = Browser.Field(await DeviceFlow.TextAsync(await alice.GetAsync("/device")), "csrf")!;
        var page = await DeviceFlow.TextAsync(await DeviceFlow.TypeAsync(alice, code));
        var foreign = Browser.Field(await DeviceFlow.TextAsync(await DeviceFlow.TypeAsync(alice, other["user_code"]!)), "csrf")!;

        await alice.GetAsync($"/device?user_code={code}&decision=allow&csrf={Browser.Field(page, "csrf")}");
        foreach (var csrf in new[] { "", "x", entry, foreign })
            await (await alice.PostAsync("/device", ("csrf", csrf), ("user_code", code), ("decision", "allow"))).ShouldBePageAsync(
                "OST1072",
                HttpStatusCode.Forbidden
            );
        await (await DeviceFlow.AnswerAsync(alice, page, "perhaps")).ShouldBePageAsync("OST1001");
        await (await DeviceFlow.AnswerAsync(alice, page, "deny", ("decision", "allow"))).ShouldBePageAsync("OST1001");
        await ShouldStillWaitAsync(begun);
    }

    [Fact]
    [Trait("Spec", "RFC 8628 §5.4")]
    public async Task H10_the_page_of_one_person_is_not_answered_by_another()
    {
        var begun = await flow.BeginAsync();
        using var browser = await flow.SignedInAsync();
        var page = await DeviceFlow.TextAsync(await DeviceFlow.TypeAsync(browser, begun["user_code"]!));

        await browser.FillAsync(await browser.GetAsync("/login?flow="), "bob", TestServer.Password, "allow");
        using var bob = await flow.SignedInAsync("bob");
        await (await DeviceFlow.AnswerAsync(bob, page, "allow")).ShouldBePageAsync("OST1072", HttpStatusCode.Forbidden);
        using var nobody = flow.Server.NewBrowser();
        var sent = await DeviceFlow.AnswerAsync(nobody, page, "allow");
        Assert.StartsWith("/login?user_code=", sent.Headers.Location!.OriginalString, StringComparison.Ordinal);

        await ShouldStillWaitAsync(begun);
    }

    [Fact]
    [Trait("Spec", "RFC 8628 §3.3")]
    public async Task A_code_is_answered_once()
    {
        var begun = await flow.BeginAsync();
        using var alice = await flow.SignedInAsync();
        var page = await DeviceFlow.TextAsync(await DeviceFlow.TypeAsync(alice, begun["user_code"]!));
        await DeviceFlow.AnswerAsync(alice, page, "allow");

        var again = await DeviceFlow.AnswerAsync(alice, page, "deny");

        Assert.Equal(HttpStatusCode.BadRequest, again.StatusCode);
        Assert.True(await flow.Server.RefusedWithAsync(Reason.UserCodeUnknown));
        Assert.Equal(HttpStatusCode.OK, (await flow.PollAsync(begun["device_code"]!)).Status);
    }

    [Fact]
    [Trait("Spec", "RFC 8628 §5.1")]
    public async Task H01_guessing_stops_after_five_wrong_codes()
    {
        await flow.Server.AddUserAsync("mallory", "mallory@example.test");
        using var mallory = await flow.SignedInAsync("mallory");
        var begun = await flow.BeginAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => DeviceFlow.TypeAsync(mallory, "BBBB-BBBB")));

        Assert.Equal(5, answers.Count(a => a.StatusCode == HttpStatusCode.BadRequest));
        Assert.All(answers, a => Assert.True(a.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.TooManyRequests));
        Assert.True(await flow.Server.RefusedWithAsync(Reason.TooManyUserCodes));
        var right = await DeviceFlow.TypeAsync(mallory, begun["user_code"]!);
        Assert.Equal(HttpStatusCode.TooManyRequests, right.StatusCode);
        Assert.NotNull(right.Headers.RetryAfter);
        // Others go on.
        using var alice = await flow.SignedInAsync();
        Assert.Equal(HttpStatusCode.OK, (await DeviceFlow.TypeAsync(alice, begun["user_code"]!)).StatusCode);
    }

    [Fact]
    [Trait("Spec", "RFC 8628 §5.4")]
    public async Task H12_the_code_is_in_no_title_and_no_log()
    {
        var begun = await flow.BeginAsync();
        using var alice = await flow.SignedInAsync();

        var page = await DeviceFlow.TypeAsync(alice, begun["user_code"]!);

        var html = await DeviceFlow.TextAsync(page);
        var title = html[html.IndexOf("<title>", StringComparison.Ordinal)..html.IndexOf("</title>", StringComparison.Ordinal)];
        Assert.DoesNotContain(begun["user_code"]!, title, StringComparison.Ordinal);
        Assert.Equal("no-referrer", string.Join(' ', page.Headers.GetValues("Referrer-Policy")));
        var events = await flow.Server.Server.Events.ListAsync(new() { Limit = 500 }, TestContext.Current.CancellationToken);
        Assert.DoesNotContain(events, e => e.ToString().Contains(begun["user_code"]!, StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Spec", "RFC 8628 §3.3")]
    public async Task An_optional_scope_can_be_left_out()
    {
        await flow.Server.AddApiAsync(
            """{"identifier":"https://photos.example","scopes":[{"name":"photos","description":"See photos"},{"name":"albums","description":"Make albums","optional":true}],"resource_server_clients":["rs3"]}"""
        );
        await flow.Server.AddClientAsync("""{"client_id":"frame","type":"device","scope":"photos albums"}""");
        using var frame = new TokenClient(flow.Server, "frame", secret: null);
        var begun = await flow.BeginAsync("photos albums", frame);
        using var alice = await flow.SignedInAsync();

        await DeviceFlow.DecideAsync(alice, begun["user_code"]!);

        Assert.Equal("photos", (await flow.PollAsync(begun["device_code"]!, frame))["scope"]);
    }
}
