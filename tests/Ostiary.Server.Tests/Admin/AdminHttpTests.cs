using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Ostiary.Server.Admin;
using Ostiary.Server.Hosting;

namespace Ostiary.Server.Tests.Admin;

public sealed class AdminHttpTests : IAsyncLifetime
{
    private const string Web = """{"client_id":"web","type":"web","redirect_uris":["https://rp.example/cb"]}""";
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private AdminHarness _admin = null!;
    private readonly Admission _admission = new(Limits.OfMachine);
    private WebApplication _app = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _admin = await AdminHarness.OpenAsync();
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        builder.Logging.ClearProviders();
        _app = builder.Build();
        AdminEndpoints.Map(
            _app,
            "/tenant",
            _admin.Service,
            http =>
                ValueTask.FromResult<AdminCaller?>(
                    http.Request.Headers.Authorization.ToString() switch
                    {
                        "Bearer admin" => new("usr_admin", "jti-1"),
                        "Bearer user" => new("usr_user", "jti-2", MayAdminister: false),
                        _ => null,
                    }
                ),
            _admission.Administration
        );
        await _app.StartAsync(Stop);
        var address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        _http.BaseAddress = new(address + "/tenant/admin/api/v1/");
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
        await _admin.DisposeAsync();
    }

    [Fact]
    [Trait("Spec", "RFC 6750 §3")]
    public async Task Demands_an_administrator()
    {
        using var nobody = await SendAsync("GET", "clients", token: null);
        Assert.Equal(HttpStatusCode.Unauthorized, nobody.StatusCode);
        Assert.Equal(["Bearer", "DPoP"], nobody.Headers.WwwAuthenticate.Select(h => h.Scheme));
        using var other = await SendAsync("POST", "clients", Web, token: "user");
        Assert.Equal(HttpStatusCode.Forbidden, other.StatusCode);
        Assert.Null(_admin.Configuration.Current.Client("web"));
        using var description = await SendAsync("GET", "openapi.json", token: null);
        Assert.Equal(HttpStatusCode.OK, description.StatusCode);
    }

    [Fact]
    [Trait("Spec", "RFC 9110 §13.1.1")]
    public async Task Creates_reads_and_changes_under_a_revision()
    {
        using var created = await SendAsync("POST", "clients", Web);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.Equal("no-store", created.Headers.CacheControl!.ToString());
        Assert.StartsWith("flow_", created.Headers.GetValues("Ostiary-Flow").Single(), StringComparison.Ordinal);
        Assert.Equal("/tenant/admin/api/v1/clients/web", created.Headers.Location!.ToString());
        var tag = created.Headers.ETag!.Tag;
        using var changed = await SendAsync("PATCH", "clients/web", """{"consent":"none"}""", tag: tag);
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        using var late = await SendAsync("PATCH", "clients/web", """{"consent":"required"}""", tag: tag);
        Assert.Equal(HttpStatusCode.Conflict, late.StatusCode);
        using var odd = await SendAsync("PATCH", "clients/web", """{"consent":"required"}""", tag: "\"x\"");
        Assert.Equal(HttpStatusCode.BadRequest, odd.StatusCode);
    }

    [Fact]
    public async Task Finds_identifiers_with_encoded_slashes()
    {
        using var created = await SendAsync("POST", "apis", """{"identifier":"https://api.example/v1"}""");
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        using var found = await SendAsync("GET", "apis/https%3A%2F%2Fapi.example%2Fv1");
        Assert.Contains("https://api.example/v1", await found.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
    }

    [Theory]
    [Trait("Spec", "RFC 8259 §8.1")]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("""{"client_id":"a","client_id":"b"}""")]
    [InlineData("""{"client_id":"\ud800"}""")]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""{"client_id":"a",}""")]
    [InlineData("""{/* */}""")]
    [InlineData("""{"client_id":{"a":[1,2,{"b":null}]}}""")]
    [InlineData("""{"client_id":1e400,"redirect_uris":{"0":"x"},"jwks":[]}""")]
    [InlineData("""{"client_id":"a","jwks":{"keys":[{"kty":"EC"},1,null]}}""")]
    [InlineData("""{"client_id":"a","claims":{"sub":"x"},"":1}""")]
    [InlineData("""{"client_id":"../../etc","redirect_uris":["https://rp.example/cb"]}""")]
    public async Task Refuses_hostile_bodies_without_failing(string body)
    {
        var before = _admin.Configuration.Current;
        foreach (var path in new[] { "clients", "apis", "users", "config/apply", "config/validate" })
        {
            using var response = await SendAsync("POST", path, body);
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
            using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Stop));
            Assert.StartsWith("OST4", json.RootElement.GetProperty("error").GetProperty("code").GetString(), StringComparison.Ordinal);
        }
        Assert.Same(before, _admin.Configuration.Current);
    }

    [Fact]
    public async Task Refuses_bytes_that_are_no_text_and_bodies_that_are_too_large_or_too_deep()
    {
        Assert.Equal(
            HttpStatusCode.BadRequest,
            await PostAsync("{\"client_id\":\"\xff\"}"u8.ToArray()[..14].Append((byte)0xff).Concat("\"}"u8.ToArray()).ToArray())
        );
        Assert.Equal(
            HttpStatusCode.RequestEntityTooLarge,
            await PostAsync(Encoding.UTF8.GetBytes("{\"client_id\":\"" + new string('a', 70_000) + "\"}"))
        );
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await PostAsync(new byte[AdminService.MaxBody + 1]));
        Assert.Equal(
            HttpStatusCode.BadRequest,
            await PostAsync(Encoding.UTF8.GetBytes("{\"a\":" + new string('[', 5000) + new string(']', 5000) + "}"))
        );
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("multipart/form-data; boundary=x")]
    public async Task Takes_json_only(string type)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "clients") { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Web)) };
        request.Headers.Authorization = new("Bearer", "admin");
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        using var response = await _http.SendAsync(request, Stop);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Theory]
    [Trait("Spec", "RFC 9110 §15.5.6")]
    [InlineData("PUT", "clients", 405)]
    [InlineData("DELETE", "config", 405)]
    [InlineData("TRACE", "clients", 405)]
    [InlineData("GET", "", 404)]
    [InlineData("GET", "nowhere", 404)]
    [InlineData("GET", "clients/", 404)]
    [InlineData("GET", "clients/%2e%2e%2fusers", 404)]
    [InlineData("GET", "clients/a%0d%0ab", 404)]
    [InlineData("GET", "clients/a/b/c/d", 404)]
    [InlineData("GET", "Clients", 404)]
    [InlineData("GET", "clients?limit=0", 400)]
    [InlineData("GET", "clients?limit=501", 400)]
    [InlineData("GET", "clients?limit=1&limit=2", 400)]
    [InlineData("GET", "clients?cursor=%25", 400)]
    [InlineData("GET", "clients?limt=1", 400)]
    [InlineData("GET", "clients?x=%ff", 400)]
    [InlineData("GET", "grants?live=yes", 400)]
    [InlineData("GET", "grants?cursor=AAAA", 200)]
    [InlineData("GET", "events?refused=1", 400)]
    [InlineData("GET", "grants/AAAAAAAAAAAAAAAAAAAAAA", 404)]
    [InlineData("POST", "clients/web/secrets/rotate", 404)]
    public async Task Answers_odd_requests_plainly(string method, string path, int status)
    {
        using var response = await SendAsync(method, path);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(status == 405, response.Content.Headers.Allow.Count > 0);
    }

    [Fact]
    public async Task Writes_events_a_line_each()
    {
        using var created = await SendAsync("POST", "clients", Web);
        using var export = await SendAsync("GET", "events/export?act=client");
        Assert.Equal("application/jsonl", export.Content.Headers.ContentType!.MediaType);
        var line = Assert.Single((await export.Content.ReadAsStringAsync(Stop)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        using var json = JsonDocument.Parse(line);
        Assert.Equal("client.create", json.RootElement.GetProperty("act").GetString());
    }

    [Fact]
    public void Describes_every_operation_and_no_other()
    {
        using var stream = typeof(AdminService).Assembly.GetManifestResourceStream("admin/openapi.json")!;
        using var json = JsonDocument.Parse(stream);
        Assert.Equal("3.1.0", json.RootElement.GetProperty("openapi").GetString());
        var described =
            from path in json.RootElement.GetProperty("paths").EnumerateObject()
            from operation in path.Value.EnumerateObject()
            let query = operation.Value.TryGetProperty("parameters", out var parameters)
                ? parameters
                    .EnumerateArray()
                    .Where(p => p.TryGetProperty("in", out var place) && place.GetString() == "query")
                    .Select(p => p.GetProperty("name").GetString())
                : []
            select $"{operation.Name.ToUpperInvariant()} {path.Name} {operation.Value.GetProperty("operationId").GetString()} {string.Join(',', query.Order())}";
        var mapped = _admin.Service.Routes.Select(r => $"{r.Method} {r.Template} {r.Operation} {string.Join(',', r.Query.Order())}");
        Assert.Equal(mapped.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    private async Task<HttpStatusCode> PostAsync(byte[] body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "clients") { Content = new ByteArrayContent(body) };
        request.Headers.Authorization = new("Bearer", "admin");
        request.Content.Headers.ContentType = new("application/json");
        using var response = await _http.SendAsync(request, Stop);
        return response.StatusCode;
    }

    private async Task<HttpResponseMessage> SendAsync(string method, string path, string? body = null, string? token = "admin", string? tag = null)
    {
        // Sent as they are: the client must not tidy the path.
        var uri = new Uri(_http.BaseAddress + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(new(method), uri);
        if (token is not null)
            request.Headers.Authorization = new("Bearer", token);
        if (tag is not null)
            request.Headers.TryAddWithoutValidation("If-Match", tag);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        return await _http.SendAsync(request, Stop);
    }
}
