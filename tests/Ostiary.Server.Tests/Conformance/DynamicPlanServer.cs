using System.Text;
using Ostiary.Server.Tests.Harness;
using Ostiary.Server.Tests.Outbound;

namespace Ostiary.Server.Tests.Conformance;

/// <summary>The server of the dynamic plan: anybody may register, and it may fetch what a client publishes at the host of these tests.</summary>
public sealed class DynamicPlanServer : IAsyncLifetime
{
    private Peer _host = null!;

    public TestServer Server { get; private set; } = null!;

    /// <summary>What the host of the client answers.</summary>
    public string Published { get; set; } = "";

    public string At(string path) => $"https://127.0.0.1:{_host.Port}/{path}";

    public void Publish(string body, string type = "application/json") => Published = Peer.Ok(body, type: type);

    public async ValueTask InitializeAsync()
    {
        _host = new Peer(async (stream, ct) => await stream.WriteAsync(Encoding.Latin1.GetBytes(Published), ct));
        Server = await _host.StartServerAsync();
        await PlanServer.AddUserAsync(Server);
        await Server.AdministerAsync("POST", "/config/apply", """{"configuration":{"issuer":{"registration":{"open":true,"require_pkce":false}}}}""");
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await _host.DisposeAsync();
    }
}
