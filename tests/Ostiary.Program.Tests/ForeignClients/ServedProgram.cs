using System.Security.Cryptography;
using System.Text.Json;
using Ostiary.Program.Tests.Cli;

namespace Ostiary.Program.Tests.ForeignClients;

/// <summary>The real program as a child process: <c>ostiary serve</c> with a configuration file and a data directory of its own.</summary>
public class ServedProgram : IAsyncLifetime
{
    public const string Username = "alice";
    public const string Email = "alice@example.test";
    public const string RedirectUri = "https://app.example/cb";
    public const string Api = "https://api.example";
    public const string PostLogoutRedirectUri = "https://app.example/out";

    private readonly RSA _key = RSA.Create(2048);
    private string _directory = "";
    private ServerProcess? _process;

    /// <summary>The path of the issuer.</summary>
    protected virtual string IssuerPath => "";

    /// <summary>Whether it is served over TLS, with a certificate of its own.</summary>
    protected virtual bool IsSecure => false;

    /// <summary>What it is started with beyond; files of it may be written to the directory.</summary>
    protected virtual IReadOnlyList<string> MoreArguments(string directory) => [];

    /// <summary>The certificate to trust; null over plain http.</summary>
    public string? CertificateFile { get; private set; }

    public string Issuer { get; private set; } = "";

    /// <summary>Random in every run, without characters that a form would encode: some clients send them as they are.</summary>
    public string Password { get; } = RandomNumberGenerator.GetHexString(24);
    public string ClientSecret { get; } = RandomNumberGenerator.GetHexString(64);

    /// <summary>PKCS #8 in PEM, of the clients that authenticate by private_key_jwt.</summary>
    public string PrivateKey => _key.ExportPkcs8PrivateKeyPem();

    public async ValueTask InitializeAsync()
    {
        _directory = Directory.CreateTempSubdirectory("ostiary-foreign-").FullName;
        var listen = $"{(IsSecure ? "https" : "http")}://127.0.0.1:{ServerProcess.FreePort()}";
        Issuer = listen + IssuerPath;
        var cancelled = TestContext.Current.CancellationToken;
        if (IsSecure)
            CertificateFile = Certificate.Write(_directory);
        await File.WriteAllTextAsync(Path.Combine(_directory, "app.secret"), ClientSecret, cancelled);
        await File.WriteAllTextAsync(Path.Combine(_directory, "alice.password"), Password, cancelled);
        var configuration = Path.Combine(_directory, "ostiary.json");
        await File.WriteAllTextAsync(configuration, Configuration(), cancelled);

        var data = Path.Combine(_directory, "data");
        _process = await ServerProcess.StartAsync([
            "--issuer",
            Issuer,
            "--listen",
            listen,
            "--data",
            data,
            "--store",
            "sqlite",
            "--config",
            configuration,
            .. CertificateFile is { } file ? new[] { "--tls-cert", file, "--tls-key", Certificate.KeyOf(file) } : [],
            .. MoreArguments(_directory),
        ]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        _key.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    protected virtual string Configuration()
    {
        var numbers = _key.ExportParameters(includePrivateParameters: false);
        object Jwks() =>
            new
            {
                keys = new[]
                {
                    new
                    {
                        kty = "RSA",
                        use = "sig",
                        alg = "RS256",
                        kid = "foreign",
                        n = System.Buffers.Text.Base64Url.EncodeToString(numbers.Modulus),
                        e = System.Buffers.Text.Base64Url.EncodeToString(numbers.Exponent),
                    },
                },
            };
        Dictionary<string, object> Client(string id, params (string Name, object Value)[] more)
        {
            var client = new Dictionary<string, object>
            {
                ["client_id"] = id,
                ["client_name"] = "Foreign app",
                ["type"] = "web",
                ["redirect_uris"] = new[] { RedirectUri },
                ["post_logout_redirect_uris"] = new[] { PostLogoutRedirectUri },
                ["consent"] = "required",
            };
            foreach (var (name, value) in more)
                client[name] = value;
            return client;
        }
        (string, object) bySecret = ("client_secret", new { file = "app.secret" });
        (string, object)[] byKey = [("token_endpoint_auth_method", "private_key_jwt"), ("jwks", Jwks())];
        return JsonSerializer.Serialize(
            new
            {
                apis = new[]
                {
                    new
                    {
                        identifier = Api,
                        scopes = new[]
                        {
                            new
                            {
                                name = "read",
                                description = "Read your notes",
                                @default = true,
                            },
                        },
                    },
                },
                clients = new[]
                {
                    Client("app", bySecret),
                    Client("app-es256", [bySecret, ("id_token_signed_response_alg", "ES256")]),
                    Client("app-es384", [bySecret, ("id_token_signed_response_alg", "ES384")]),
                    Client("app-ps256", [bySecret, ("id_token_signed_response_alg", "PS256")]),
                    Client("app-hs256", [bySecret, ("id_token_signed_response_alg", "HS256")]),
                    new Dictionary<string, object>
                    {
                        ["client_id"] = "robot",
                        ["type"] = "service",
                        ["scope"] = "read",
                        [bySecret.Item1] = bySecret.Item2,
                    },
                    Client("app-key", byKey),
                    Client("app-key-any", [.. byKey, ("assertion_audience", "any")]),
                },
                users = new[]
                {
                    new
                    {
                        username = Username,
                        email = Email,
                        password = new { file = "alice.password" },
                    },
                },
            }
        );
    }
}

/// <summary>The same under an issuer with a path.</summary>
public sealed class ServedUnderAPath : ServedProgram
{
    protected override string IssuerPath => "/tenant/one";
}
