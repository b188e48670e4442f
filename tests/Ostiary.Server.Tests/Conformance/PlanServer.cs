using System.Text.Json;
using Ostiary.Server.Configuration;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Conformance;

/// <summary>The server of one plan, with a person who has every standard claim. OIDC Core §5.1</summary>
public sealed class PlanServer : IAsyncLifetime
{
    public const string User = "carol";
    private const string Declared = """
        {"username":"carol","email":"carol@example.test","email_verified":true,"claims":{
        "name":"Carol Example","family_name":"Example","given_name":"Carol","middle_name":"C.","nickname":"caz","profile":"https://example.test/carol",
        "picture":"https://example.test/carol.png","website":"https://carol.example.test","gender":"female","birthdate":"1990-04-01","zoneinfo":"Europe/Zurich",
        "locale":"de-CH","address":{"formatted":"Weg 1\n8000 Ort","street_address":"Weg 1","locality":"Ort","region":"ZH","postal_code":"8000","country":"CH"},
        "phone_number":"+41 44 000 00 00","phone_number_verified":false}}
        """;

    public TestServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await TestServer.StartAsync();
        await AddUserAsync(Server);
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    public static async Task AddUserAsync(TestServer server)
    {
        using var document = JsonDocument.Parse(Declared);
        var faults = new List<ConfigurationFault>();
        var user = UserDocument.Parse(document.RootElement.Clone(), "user", faults);
        Assert.Empty(faults);
        var carol = user!.User with { Subject = "usr_carol", CreatedAt = server.Time.GetUtcNow(), PasswordHash = TestServer.HashedPassword.Value };
        await server.ChangeAsync(set => set.With(user with { User = carol }));
    }
}
