using System.Text;
using Ostiary.Protocol.Jose;

namespace Ostiary.Faults.Town;

/// <summary>A directory with the configuration under test: two apps, two services, two people. All lifetimes are short, so that their ends are met.</summary>
internal sealed class Ground : IDisposable
{
    public const string Issuer = "http://127.0.0.1:9";
    public const string Redirect = "http://127.0.0.1:1/cb";
    public const string RobotSecret = "secret-of-the-robot-0123456789abcdefghijk";
    public const string Password = "correct horse battery staple";

    public Ground()
    {
        Root = Directory.CreateTempSubdirectory("ostiary-faults-").FullName;
        Reaper.OfThisProcess.WatchDirectory(Root);
        Config = Path.Combine(Root, "ostiary.json");
        File.WriteAllText(Config, Configuration(Encoding.UTF8.GetString(AssertionKey.ToPublicUtf8())));
        File.WriteAllText(Path.Combine(Root, "robot.secret"), RobotSecret);
        File.WriteAllText(Path.Combine(Root, "person.password"), Password);
    }

    public JsonWebKey AssertionKey { get; } = JsonWebKey.Generate("ES256", "assertions");
    public string Root { get; }
    public string Config { get; }

    public string Data(string node) => Path.Combine(Root, "data-" + node);

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private static string Configuration(string key) =>
        $$"""
            {
              "issuer": { "refresh_retry_window": "3s", "code_lifetime": "20s", "jwks_cache_lifetime": "3s" },
              "apis": [
                {
                  "identifier": "https://api.example",
                  "scopes": [{ "name": "read", "description": "Read your notes", "default": true }],
                  "token_lifetime": "15s",
                  "resource_server_clients": ["robot"]
                }
              ],
              "clients": [
                { "client_id": "app", "type": "spa", "redirect_uris": ["{{Redirect}}"], "scope": "openid offline_access read", "id_token_signed_response_alg": "ES256", "consent": "none" },
                { "client_id": "stranger", "type": "spa", "redirect_uris": ["{{Redirect}}"], "scope": "openid offline_access read", "id_token_signed_response_alg": "ES256", "consent": "none" },
                { "client_id": "robot", "type": "service", "scope": "read", "client_secret": { "file": "robot.secret" } },
                { "client_id": "signer", "type": "service", "scope": "read", "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "ES256", "jwks": { "keys": [{{key}}] } }
              ],
              "users": [
                { "username": "ada", "email": "ada@example.test", "password": { "file": "person.password" } },
                { "username": "bob", "email": "bob@example.test", "password": { "file": "person.password" } }
              ]
            }
            """;
}
