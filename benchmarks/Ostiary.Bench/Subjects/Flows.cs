using Ostiary.Bench.Load;

namespace Ostiary.Bench.Subjects;

/// <summary>The requests of the flows beside the browser's: the same bytes to this project and to a bare handler.</summary>
internal static class Flows
{
    /// <summary>A client pushes no more than a hundred requests a second for long, so many of them take turns.</summary>
    public const int Pushers = 256;
    private const string Exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    private const string AccessToken = "urn:ietf:params:oauth:token-type:access_token";
    private const string Metadata =
        "{\"client_name\":\"Notes\",\"redirect_uris\":[\"https://notes.apps.example/cb\"],\"token_endpoint_auth_method\":\"client_secret_basic\"}";

    private static readonly string Pushed = Http.Form(
        ("response_type", "code"),
        ("redirect_uri", "https://shop.example/cb"),
        ("scope", "openid offline_access read"),
        ("state", "af0ifjsldkj-af0ifjsldkj"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256")
    );

    /// <summary>What one of several connections sends: its share of the pushers, in turns.</summary>
    public static byte[][] Push(string path, int connection, int connections) =>
        [
            .. Enumerable
                .Range(0, Pushers)
                .Where(pusher => pusher % connections == connection)
                .Select(pusher => Http.Post(path, Pushed, Http.Basic($"shop-{pusher}", OstiarySubject.Secret))),
        ];

    public static ICaller Prove(string path, int port) =>
        new ProvingCaller(
            $"http://127.0.0.1:{port}/token",
            proof => Http.Post(path, "grant_type=client_credentials&scope=read", Http.Basic("robot", OstiarySubject.Secret) + $"DPoP: {proof}\r\n")
        );

    public static byte[] Device(string path) => Http.Post(path, Http.Form(("client_id", "tv"), ("scope", "openid offline_access read")));

    public static byte[] ExchangeOf(string path, string token) =>
        Http.Post(
            path,
            Http.Form(
                ("grant_type", Exchange),
                ("subject_token", token),
                ("subject_token_type", AccessToken),
                ("audience", "https://stock.example"),
                ("scope", "stock")
            ),
            Http.Basic("orders", OstiarySubject.Secret)
        );

    public static byte[] Register(string path, string permit) => Http.Post(path, Metadata, $"Authorization: Bearer {permit}\r\n", "application/json");
}
