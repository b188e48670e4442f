namespace Ostiary.Program.Tests.Faults;

/// <summary>A directory with the configuration that the fault tests serve: a public client, a service, one person.</summary>
public sealed class Ground : IDisposable
{
    public const string Redirect = "http://127.0.0.1:1/cb";
    public const string RobotSecret = "secret-of-the-robot-0123456789abcdefghijk";
    public const string Password = "correct horse battery staple";

    public Ground()
    {
        Root = Directory.CreateTempSubdirectory("ostiary-fault-").FullName;
        Config = Path.Combine(Root, "ostiary.json");
        File.WriteAllText(Config, Configuration);
        File.WriteAllText(Path.Combine(Root, "robot.secret"), RobotSecret);
        File.WriteAllText(Path.Combine(Root, "ada.password"), Password);
    }

    public string Root { get; }
    public string Config { get; }
    public string Data => Path.Combine(Root, "data");

    public void Dispose() => Directory.Delete(Root, recursive: true);

    // The retry window is wide: a busy machine may take long between a rotation and its retry.
    private const string Configuration = """
        {
          "issuer": { "refresh_retry_window": "5m" },
          "apis": [
            {
              "identifier": "https://api.example",
              "scopes": [{ "name": "read", "description": "Read your notes", "default": true }],
              "resource_server_clients": ["robot"]
            }
          ],
          "clients": [
            {
              "client_id": "app",
              "type": "spa",
              "redirect_uris": ["http://127.0.0.1:1/cb"],
              "scope": "openid offline_access read",
              "id_token_signed_response_alg": "ES256",
              "consent": "none"
            },
            { "client_id": "robot", "type": "service", "scope": "read", "client_secret": { "file": "robot.secret" } }
          ],
          "users": [{ "username": "ada", "email": "ada@example.test", "password": { "file": "ada.password" } }]
        }
        """;
}
