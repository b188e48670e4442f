namespace Ostiary.Bench.Subjects;

/// <summary>The configuration of the measured server. What one operation alone needs is there for that operation only.</summary>
internal static class Configuration
{
    public static string For(Operation? operation) =>
        Text.Replace("ISSUER", operation == Operation.Register ? Registration : "{}", StringComparison.Ordinal)
            .Replace("PUSHERS", operation == Operation.Push ? Pushers() : "", StringComparison.Ordinal);

    private const string Registration = """{ "registration": { "most_clients": 100000 } }""";

    private static string Pushers() =>
        string.Concat(
            Enumerable
                .Range(0, Flows.Pushers)
                .Select(i =>
                    ",\n"
                    + $$"""{ "client_id": "shop-{{i}}", "redirect_uris": ["https://shop.example/cb"], "scope": "openid offline_access read", """
                    + """ "client_secret": { "file": "robot.secret" } }"""
                )
        );

    private const string Text = """
        {
          "issuer": ISSUER,
          "apis": [
            {
              "identifier": "https://api.example", "scopes": [{ "name": "read", "description": "Read", "default": true }],
              "resource_server_clients": ["gate"], "exchange_scope": "stock"
            },
            {
              "identifier": "https://opaque.example", "token_format": "opaque", "scopes": [{ "name": "look", "description": "Look" }],
              "resource_server_clients": ["gate"]
            },
            { "identifier": "https://stock.example", "scopes": [{ "name": "stock", "description": "See what is in stock" }] }
          ],
          "clients": [
            {
              "client_id": "app", "type": "spa", "redirect_uris": ["http://127.0.0.1:1/cb"], "scope": "openid offline_access read stock",
              "consent": "none", "id_token_signed_response_alg": "ES256"
            },
            { "client_id": "gate", "type": "service", "client_secret": { "file": "robot.secret" } },
            { "client_id": "robot", "type": "service", "scope": "read look", "client_secret": { "file": "robot.secret" } },
            { "client_id": "tv", "type": "device", "scope": "openid offline_access read" },
            {
              "client_id": "orders", "type": "service", "client_secret": { "file": "robot.secret" },
              "grant_types": ["client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"],
              "token_exchange": [{ "from": ["app"], "audiences": ["https://stock.example"], "scope": "stock" }]
            }PUSHERS
          ],
          "users": [{ "username": "ada", "email": "ada@example.test", "password": { "file": "ada.password" } }]
        }
        """;
}
