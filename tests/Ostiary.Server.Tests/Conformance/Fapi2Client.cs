using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Conformance;

/// <summary>The server of a FAPI 2.0 plan, and the way in which its clients authenticate and hold the key of their tokens.</summary>
public abstract class Fapi2PlanServer : IAsyncLifetime
{
    public const string FirstRedirect = "https://bank.example/cb";

    /// <summary>The second client's address has a query of its own.</summary>
    public const string SecondRedirect = "https://other.example/cb?dummy1=lorem&dummy2=ipsum";

    public TestServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await StartAsync();
        await PlanServer.AddUserAsync(Server);
        await RegisterAsync("bank-1", FirstRedirect);
        await RegisterAsync("bank-2", SecondRedirect);
    }

    /// <summary>One of the two clients, with a key for its tokens that nobody has used yet.</summary>
    public abstract Fapi2Client NewClient(string id, string redirectUri);

    /// <summary>The members of a client's document that say how it authenticates and what binds its tokens.</summary>
    protected abstract string Registration(string id);

    protected virtual Task<TestServer> StartAsync() => TestServer.StartAsync();

    protected virtual ValueTask StopAsync() => Server.DisposeAsync();

    public ValueTask DisposeAsync() => StopAsync();

    private Task RegisterAsync(string id, string redirectUri) =>
        Server.AddClientAsync(
            $$"""{"client_id":"{{id}}","type":"web","profile":"fapi2","redirect_uris":["{{redirectUri}}"],"consent":"required","scope":"openid profile email offline_access",{{Registration(
                id
            )}}}"""
        );
}

/// <summary>A client of a FAPI 2.0 plan. The modules that every variant shares know no more of it than this.</summary>
public abstract class Fapi2Client(string id, string redirectUri) : IDisposable
{
    public string Id => id;
    public string RedirectUri => redirectUri;

    /// <summary>What <c>token_type</c> says, and the scheme under which its tokens are presented.</summary>
    public abstract string TokenType { get; }

    /// <summary>Authenticated, and with its key.</summary>
    public abstract Task<Answer> PostAsync(string path, params (string Name, string Value)[] form);

    /// <summary>Under another client's name, with its own credentials.</summary>
    public abstract Task<Answer> PostAsAsync(string otherId, string path, params (string Name, string Value)[] form);

    /// <summary>Showing no key that tokens could be bound to; authenticated, where that is not the same thing.</summary>
    public abstract Task<Answer> PostUnboundAsync(string path, params (string Name, string Value)[] form);

    /// <summary>Not authenticated.</summary>
    public abstract Task<Answer> PostUnauthenticatedAsync(string path, params (string Name, string Value)[] form);

    /// <summary>Presents an access token as its holder.</summary>
    public abstract Task<Answer> UserInfoAsync(string accessToken, string? scheme = null);

    /// <summary>From now on its tokens are bound to another key.</summary>
    public abstract void ChangeKey();

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
