using System.Net;
using System.Text.Json;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Hosting;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Hosting;

public sealed class DoorTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, Trait("Spec", "RFC 9110 §7.2")]
    [InlineData("id.example", "/token", "https://id.example")]
    [InlineData("ID.Example", "/token", "https://id.example")]
    [InlineData("id.example", "/a/token", "https://id.example/a")]
    [InlineData("id.example", "/a", "https://id.example/a")]
    [InlineData("id.example", "/a/b/token", "https://id.example/a/b")]
    [InlineData("id.example", "/ab/token", "https://id.example")]
    [InlineData("id.example", "/A/token", "https://id.example")]
    [InlineData("id.example:8443", "/token", "https://id.example:8443")]
    [InlineData("other.example", "/t/token", "https://other.example/t")]
    [InlineData("other.example", "/token", null)]
    [InlineData("other.example", "/tt/token", null)]
    [InlineData("id.example.", "/token", null)]
    [InlineData("id.example:443", "/token", null)]
    [InlineData("evil.example", "/token", null)]
    [InlineData("", "/token", null)]
    [InlineData(null, "/token", null)]
    public void Chooses_by_host_and_whole_segments_of_the_path(string? host, string path, string? issuer) => Assert.Equal(issuer, Find(host, path));

    [Theory, Trait("Spec", "RFC 8414 §3.1")]
    [InlineData("/.well-known/oauth-authorization-server", "https://id.example")]
    [InlineData("/.well-known/oauth-authorization-server/a", "https://id.example/a")]
    [InlineData("/.well-known/openid-configuration/a/b", "https://id.example/a/b")]
    [InlineData("/.well-known/openid-configuration/unknown", "https://id.example")]
    [InlineData("/a/.well-known/openid-configuration", "https://id.example/a")]
    public void Finds_metadata_in_the_inserted_form(string path, string issuer) => Assert.Equal(issuer, Find("id.example", path));

    [Fact, Trait("Spec", "RFC 8414 §3")]
    public async Task Serves_every_issuer_its_own_metadata_in_every_form()
    {
        await using var red = await TestServer.StartAsync("/red", o => o with { MoreIssuers = [o.Listen[0] + "/blue", o.Listen[0]] });
        using var http = red.NewHttp();
        foreach (var path in new[] { "/red", "/blue", "" })
        foreach (var name in new[] { "openid-configuration", "oauth-authorization-server" })
        foreach (var address in new[] { $"{path}/.well-known/{name}", $"/.well-known/{name}{path}" })
        {
            using var metadata = JsonDocument.Parse(await http.GetStringAsync(address, Stop));
            Assert.Equal(red.House.Url.Origin + path, metadata.RootElement.GetProperty("issuer").GetString());
            Assert.Equal(red.House.Url.Origin + path + "/token", metadata.RootElement.GetProperty("token_endpoint").GetString());
        }
    }

    [Theory]
    [InlineData("/token")]
    [InlineData("/Red/token")]
    [InlineData("/redder/token")]
    [InlineData("/red%2Ftoken")]
    [InlineData("/.well-known/openid-configuration")]
    [InlineData("/")]
    public async Task An_address_of_no_issuer_answers_without_naming_one(string path)
    {
        await using var red = await TestServer.StartAsync("/red", o => o with { MoreIssuers = [o.Listen[0] + "/blue"] });
        using var http = red.NewHttp();

        var answer = await http.GetAsync(path, Stop);
        var text = await answer.Content.ReadAsStringAsync(Stop);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains("invalid_request", text, StringComparison.Ordinal);
        Assert.DoesNotContain("/red", text, StringComparison.Ordinal);
        Assert.True(answer.Headers.Contains("Ostiary-Flow"));
    }

    /// <summary>OST1007.</summary>
    [Fact, Trait("Spec", "RFC 9110 §15.5.20")]
    public async Task The_host_chooses_among_issuers_and_says_nothing_else()
    {
        await using var one = await TestServer.StartAsync(with: o =>
            o with
            {
                MoreIssuers = [o.Listen[0].Replace("127.0.0.1", "localhost", StringComparison.Ordinal)],
            }
        );
        using var http = one.NewHttp();
        var port = one.House.Url.Origin.Split(':')[^1];

        Assert.Equal(one.Issuer, await IssuerAtAsync(http, $"127.0.0.1:{port}"));
        Assert.Equal($"http://localhost:{port}", await IssuerAtAsync(http, $"localhost:{port}"));
        Assert.Equal(one.Issuer, await IssuerAtAsync(http, $"127.0.0.1:{port}", ("X-Forwarded-Host", $"localhost:{port}")));
        foreach (var host in new[] { "evil.example", "localhost", "127.0.0.1:1", $"[::1]:{port}" })
        {
            var answer = await GetAsync(http, host);
            var text = await answer.Content.ReadAsStringAsync(Stop);
            Assert.Equal(HttpStatusCode.MisdirectedRequest, answer.StatusCode);
            Assert.Contains(Refusal.For(Reason.HostUnknown).Text, text, StringComparison.Ordinal);
            Assert.DoesNotContain("127.0.0.1", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Issuers_of_one_host_do_not_look_at_it()
    {
        await using var red = await TestServer.StartAsync("/red", o => o with { MoreIssuers = [o.Listen[0] + "/blue"] });
        using var http = red.NewHttp();

        Assert.Equal(red.Issuer, await IssuerAtAsync(http, "evil.example", path: "/red"));
    }

    [Fact]
    public async Task Health_and_metrics_are_of_all_issuers()
    {
        await using var red = await TestServer.StartAsync("/red", o => o with { MoreIssuers = [o.Listen[0] + "/blue"] });
        using var http = red.NewHttp();

        var ready = await http.GetStringAsync("/readyz", Stop);
        var metrics = await http.GetStringAsync("/metrics", Stop);
        red.Server.Houses[1].Endpoints.Health.Drain();
        var parting = await http.GetAsync("/readyz", Stop);

        Assert.Equal("ready\n", ready);
        foreach (var path in new[] { "/red", "/blue" })
            Assert.Contains($"ostiary_ended_tokens{{issuer=\"{red.House.Url.Origin}{path}\"}} 0", metrics, StringComparison.Ordinal);
        Assert.Single(metrics.Split('\n'), line => line.StartsWith("# TYPE ostiary_decisions_total", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, parting.StatusCode);
    }

    [Theory]
    [InlineData("", "/account")]
    [InlineData("", "/token")]
    [InlineData("", "/livez")]
    [InlineData("/red", "/red/errors/x")]
    [InlineData("/red", "/.well-known")]
    [InlineData("/red", "/admin/x")]
    [InlineData("/red", "/red")]
    [InlineData("/red", "/red/")]
    [InlineData("/red", "/RED")]
    [InlineData("/red", "/{id}")]
    public async Task Refuses_issuers_that_would_hide_one_another(string first, string second)
    {
        var refused = await Assert.ThrowsAsync<StartException>(() =>
            TestServer.StartAsync(first, o => o with { MoreIssuers = [o.Listen[0] + second] })
        );

        Assert.Equal(Reason.IssuerInvalid, refused.Reason);
    }

    private static async Task<string?> IssuerAtAsync(HttpClient http, string host, (string Name, string Value)? more = null, string path = "")
    {
        var answer = await GetAsync(http, host, more, path);
        using var metadata = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Stop));
        return metadata.RootElement.GetProperty("issuer").GetString();
    }

    private static Task<HttpResponseMessage> GetAsync(HttpClient http, string host, (string Name, string Value)? more = null, string path = "")
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path + "/.well-known/openid-configuration") { Headers = { Host = host } };
        if (more is { } header)
            request.Headers.Add(header.Name, header.Value);
        return http.SendAsync(request, Stop);
    }

    private static string? Find(string? host, string path)
    {
        string[] issuers =
        [
            "https://id.example",
            "https://id.example/a",
            "https://id.example/a/b",
            "https://id.example:8443",
            "https://other.example/t",
        ];
        var table = new DoorTable<string>([
            .. issuers.Select(i =>
            {
                Assert.True(IssuerUrl.TryParse(i, out var url));
                return (url, i);
            }),
        ]);
        return table.TryFind(host, path, out var found) ? found : null;
    }
}
