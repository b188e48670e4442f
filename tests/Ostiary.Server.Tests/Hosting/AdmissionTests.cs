using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Routing;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Hosting;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Hosting;

/// <summary>Who is let in when there is more to do than can be done, in what order the others are sent away, and that nothing of theirs was begun.</summary>
public sealed class AdmissionTests
{
    private static readonly (string Lane, Func<HttpRequestMessage> Ask)[] OnePerLane =
    [
        ("revocation", () => Post("/introspect", "token=x")),
        ("refresh", () => Post("/token", "grant_type=refresh_token&refresh_token=x")),
        ("code", () => Post("/token", "code=x&grant_type=authorization_code")),
        ("client-credentials", () => Post("/token", "scope=read&grant_type=client_credentials")),
        ("page", () => new(HttpMethod.Get, "/account")),
        ("authorization", () => new(HttpMethod.Get, "/authorize?client_id=web")),
        ("password", () => Post("/login", "username=a&password=b")),
        ("administration", () => new(HttpMethod.Get, "/admin/api/v1/clients")),
    ];

    private static readonly string[] NeverShed =
    [
        "/livez",
        "/readyz",
        "/metrics",
        "/.well-known/jwks.json",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-protected-resource/api.example",
    ];

    [Fact, Trait("Spec", "RFC 9110 §15.6.4")]
    public async Task Sheds_in_the_promised_order_and_never_health_keys_and_metadata()
    {
        await using var server = await TestServer.StartAsync();
        using var http = server.NewHttp();
        var admission = server.Server.Endpoints.Admission;
        Assert.Equal(OnePerLane.Select(o => o.Lane), admission.Lanes.Select(l => l.Name));

        foreach (var closed in admission.Lanes)
        {
            admission.QueueOf = () => closed.LongestQueue + 1;
            var shed = new List<string>();
            foreach (var (lane, ask) in OnePerLane)
            {
                using var request = ask();
                using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
                if (await IsShedAsync(answer))
                    shed.Add(lane);
            }
            Assert.Equal(admission.Lanes.SkipWhile(l => l != closed).Select(l => l.Name), shed);
            foreach (var path in NeverShed)
                Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(path, TestContext.Current.CancellationToken)).StatusCode);
        }
        admission.QueueOf = () => 0;
        Assert.Equal(0, admission.InWork);
    }

    [Fact]
    public async Task Every_route_has_a_lane_or_is_named_as_never_shed()
    {
        var routes = new List<RouteEndpoint>();
        await using var server = await TestServer.StartAsync(
            "/tenant",
            map: (app, _) => routes.AddRange(app.DataSources.SelectMany(s => s.Endpoints).OfType<RouteEndpoint>())
        );
        Assert.True(routes.Count > 30);
        foreach (var route in routes.Where(r => r.Metadata.GetMetadata<Lane>() is null))
        {
            var pattern = route.RoutePattern.RawText!;
            var isPreflight = route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods is ["OPTIONS"];
            Assert.True(
                isPreflight
                    || NeverShed
                        .Concat(["/errors/{code}", "/assets/{name}", "/check_session", "/.well-known/oauth-protected-resource/{**resource}"])
                        .Any(path => pattern.Replace("/tenant", "", StringComparison.Ordinal) == path),
                $"{pattern} has no lane"
            );
        }
    }

    [Theory, Trait("Spec", "RFC 9700 §2.6")]
    [InlineData("/token")]
    [InlineData("/revoke")]
    [InlineData("/par")]
    [InlineData("/register")]
    public async Task An_app_in_a_browser_can_read_that_it_was_shed(string path)
    {
        await using var server = await TestServer.StartAsync();
        using var http = server.NewHttp();
        server.Server.Endpoints.Admission.QueueOf = () => int.MaxValue;
        using var request = Post(path, "a=b");
        request.Headers.Add("Origin", "http://127.0.0.1:1");

        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal(path == "/register" ? "*" : "http://127.0.0.1:1", Assert.Single(answer.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.Equal("application/json", answer.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task Keeps_room_for_revocation_when_everything_else_is_full_and_finishes_what_it_let_in()
    {
        GatedStores? gated = null;
        await using var server = await TestServer.StartAsync(
            with: o => o with { Limit = [.. o.Limit, "requests=10"] },
            wrap: stores => gated = new GatedStores(stores)
        );
        using var robot = new TokenClient(server, "m2m");
        var tokens = new List<string>();
        for (var i = 0; i < 10; i++)
            tokens.Add((await robot.TokenAsync(("grant_type", "client_credentials")))["access_token"]!);

        var revoking = tokens.Take(7).Select(token => robot.PostAsync("/revoke", ("token", token))).ToList();
        await gated!.GatheredAsync(7);
        var shed = await robot.TokenAsync(("grant_type", "client_credentials"));
        var refresh = await robot.TokenAsync(("grant_type", "refresh_token"), ("refresh_token", "x"));
        revoking.AddRange(tokens.Skip(7).Select(token => robot.PostAsync("/revoke", ("token", token))));
        await gated.GatheredAsync(10);
        var eleventh = await robot.PostAsync("/introspect", ("token", tokens[0]));
        gated.Open();

        shed.ShouldBeRefused("temporarily_unavailable", "OST5030", HttpStatusCode.ServiceUnavailable);
        Assert.Equal(HttpStatusCode.BadRequest, refresh.Status);
        eleventh.ShouldBeRefused("temporarily_unavailable", "OST5030", HttpStatusCode.ServiceUnavailable);
        Assert.All(await Task.WhenAll(revoking), answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        Assert.Equal(HttpStatusCode.OK, (await robot.TokenAsync(("grant_type", "client_credentials"))).Status);
        Assert.Equal(0, server.Server.Endpoints.Admission.InWork);
    }

    [Fact]
    public async Task What_was_shed_had_no_effect_the_same_code_and_token_work_later()
    {
        await using var server = await TestServer.StartAsync();
        using var browser = server.NewBrowser();
        using var web = new TokenClient(server, "spa", secret: null);
        var admission = server.Server.Endpoints.Admission;
        var code = Browser.QueryOf(await browser.AuthorizeAsync(Ask.Query("spa", ("scope", "openid offline_access"))))["code"]!;
        (string, string)[] redeem =
        [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", TestServer.Callback),
            ("code_verifier", SharedServer.Verifier),
        ];

        admission.QueueOf = () => int.MaxValue;
        var shedCode = await web.TokenAsync(redeem);
        admission.QueueOf = () => 0;
        var first = await web.TokenAsync(redeem);
        admission.QueueOf = () => int.MaxValue;
        var shedRefresh = await web.TokenAsync(("grant_type", "refresh_token"), ("refresh_token", first["refresh_token"]!));
        admission.QueueOf = () => 0;
        var second = await web.TokenAsync(("grant_type", "refresh_token"), ("refresh_token", first["refresh_token"]!));

        shedCode.ShouldBeRefused("temporarily_unavailable", Refusal.CodeOf(Reason.Overloaded), HttpStatusCode.ServiceUnavailable);
        shedRefresh.ShouldBeRefused("temporarily_unavailable", Refusal.CodeOf(Reason.Overloaded), HttpStatusCode.ServiceUnavailable);
        Assert.Equal(HttpStatusCode.OK, first.Status);
        Assert.Equal(HttpStatusCode.OK, second.Status);
        Assert.NotEqual(first["refresh_token"], second["refresh_token"]);
    }

    [Fact]
    public async Task A_body_that_comes_slowly_takes_no_place_from_others()
    {
        await using var server = await TestServer.StartAsync(with: o => o with { Limit = [.. o.Limit, "requests=4"] });
        using var robot = new TokenClient(server, "m2m");
        var slow = new List<TcpClient>();
        const string body = "grant_type=client_credentials";
        try
        {
            for (var i = 0; i < 20; i++)
                slow.Add(await BeginAsync(server, body));
            var meanwhile = await robot.TokenAsync(("grant_type", "client_credentials"));
            Assert.Equal(HttpStatusCode.OK, meanwhile.Status);

            await slow[0].GetStream().WriteAsync(Encoding.ASCII.GetBytes(body[4..]), TestContext.Current.CancellationToken);
            var buffer = new byte[64];
            var count = await slow[0].GetStream().ReadAsync(buffer, TestContext.Current.CancellationToken);
            Assert.StartsWith("HTTP/1.1 401", Encoding.ASCII.GetString(buffer, 0, count), StringComparison.Ordinal);
        }
        finally
        {
            slow.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public async Task The_metrics_count_who_was_let_in_and_who_was_shed()
    {
        await using var server = await TestServer.StartAsync();
        using var http = server.NewHttp();
        var admission = server.Server.Endpoints.Admission;
        admission.QueueOf = () => int.MaxValue;
        using var request = Post("/token", "grant_type=refresh_token");
        await http.SendAsync(request, TestContext.Current.CancellationToken);
        admission.QueueOf = () => 0;

        var metrics = await http.GetStringAsync("/metrics", TestContext.Current.CancellationToken);

        Assert.Contains("ostiary_requests_total{lane=\"refresh\",outcome=\"shed\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("ostiary_requests_total{lane=\"refresh\",outcome=\"admitted\"} 0\n", metrics, StringComparison.Ordinal);
        Assert.Contains("ostiary_requests_in_work 0\n", metrics, StringComparison.Ordinal);
        Assert.Contains("ostiary_sign_ins_waiting 0\n", metrics, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("requests=0")]
    [InlineData("requests=many")]
    [InlineData("request=5")]
    [InlineData("refresh")]
    public void Refuses_a_limit_that_is_none(string limit)
    {
        var faults = new List<SettingFault>();
        Limits.Read([limit], faults);

        Assert.Equal((Reason.SettingInvalid, "--limit"), (Assert.Single(faults).Reason, faults[0].Setting));
    }

    [Fact]
    public void A_lane_can_be_narrowed_and_never_be_wider_than_the_one_before_it()
    {
        var faults = new List<SettingFault>();
        var limits = Limits.Read(["requests=100", "code=20", "password=90"], faults);

        Assert.Empty(faults);
        Assert.Equal([100, 90, 20, 20, 20, 20, 20, 20], limits.Lanes);
    }

    private static async Task<TcpClient> BeginAsync(TestServer server, string body)
    {
        var client = new TcpClient();
        var url = new Uri(server.Server.Addresses[0]);
        await client.ConnectAsync(url.Host, url.Port, TestContext.Current.CancellationToken);
        var head =
            $"POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {body.Length.ToString(CultureInfo.InvariantCulture)}\r\n\r\n";
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head + body[..4]), TestContext.Current.CancellationToken);
        return client;
    }

    private static async Task<bool> IsShedAsync(HttpResponseMessage answer)
    {
        var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var shed = body.Contains("OST5030", StringComparison.Ordinal);
        Assert.Equal(shed, answer.StatusCode == HttpStatusCode.ServiceUnavailable);
        if (shed)
            Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 5);
        Assert.StartsWith("flow_", answer.Headers.GetValues("Ostiary-Flow").Single(), StringComparison.Ordinal);
        return shed;
    }

    private static HttpRequestMessage Post(string path, string body) =>
        new(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/x-www-form-urlencoded") };
}
