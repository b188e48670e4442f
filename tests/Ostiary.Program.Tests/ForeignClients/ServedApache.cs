using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using Ostiary.Cli.Demo;
using Ostiary.Program.Tests.Cli;

namespace Ostiary.Program.Tests.ForeignClients;

/// <summary>The real program, and Debian's Apache with its OpenID Connect module before a directory of texts, both over TLS.</summary>
internal sealed class ServedApache : IAsyncDisposable
{
    public const string Text = "Only for people who are signed in.";
    public const string Farewell = "Bye.";
    private const string Modules = "/usr/lib/apache2/modules/";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("ostiary-apache-");
    private readonly string _secret = RandomNumberGenerator.GetHexString(64);
    private readonly int _port = ServerProcess.FreePort();
    private ServerProcess? _server;
    private Process? _apache;

    public string Issuer { get; } = string.Create(CultureInfo.InvariantCulture, $"https://localhost:{ServerProcess.FreePort()}");
    public string App => string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{_port}");
    public string Password { get; } = RandomNumberGenerator.GetHexString(24);
    public string Data => In("data");

    /// <summary>What Apache complained about.</summary>
    public string Errors => File.Exists(In("error.log")) ? File.ReadAllText(In("error.log")) : "";

    public static async Task<ServedApache> StartAsync(DemoAuthority authority)
    {
        var served = new ServedApache();
        try
        {
            await served.StartServerAsync(authority);
            await served.StartApacheAsync(authority);
            return served;
        }
        catch
        {
            await served.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_apache is not null)
        {
            if (!_apache.HasExited)
                _apache.Kill(entireProcessTree: true);
            await _apache.WaitForExitAsync(CancellationToken.None);
            _apache.Dispose();
        }
        if (_server is not null)
            await _server.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    private string In(string name) => Path.Combine(_directory.FullName, name);

    private async Task StartServerAsync(DemoAuthority authority)
    {
        await File.WriteAllTextAsync(In("app.secret"), _secret);
        await File.WriteAllTextAsync(In("alice.password"), Password);
        await File.WriteAllTextAsync(In("ca.pem"), authority.Root.ExportCertificatePem());
        await File.WriteAllTextAsync(In("ostiary.json"), Configuration());
        string[] tls =
        [
            "--tls-cert",
            authority.CertificateFile,
            "--tls-key",
            authority.KeyFile,
            "--extra-ca",
            In("ca.pem"),
            "--allow-loopback-fetch",
        ];
        _server = await ServerProcess.StartAsync(["--issuer", Issuer, "--listen", Issuer, "--data", Data, "--config", In("ostiary.json"), .. tls]);
    }

    private async Task StartApacheAsync(DemoAuthority authority)
    {
        var pages = Directory.CreateDirectory(In("www"));
        await File.WriteAllTextAsync(Path.Combine(pages.FullName, "text.txt"), Text);
        await File.WriteAllTextAsync(Path.Combine(pages.FullName, "bye.txt"), Farewell);
        // Where root starts it, it reads the texts as somebody else.
        File.SetUnixFileMode(_directory.FullName, (UnixFileMode)0b111_101_101);
        await File.WriteAllTextAsync(In("apache.conf"), ApacheConfiguration(authority));
        _apache = Cli.Program.Start("/usr/sbin/apache2", ["-f", In("apache.conf"), "-DFOREGROUND"], null);
        _apache.StandardInput.Close();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            if (_apache.HasExited)
                throw new InvalidOperationException("Apache did not start: " + await _apache.StandardError.ReadToEndAsync() + Errors);
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync("127.0.0.1", _port, TestContext.Current.CancellationToken);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(50, patience.Token);
            }
        }
    }

    private string Configuration() =>
        JsonSerializer.Serialize(
            new
            {
                clients = new[]
                {
                    new
                    {
                        client_id = "apache",
                        client_name = "Texts",
                        type = "web",
                        redirect_uris = new[] { App + "/oidc" },
                        post_logout_redirect_uris = new[] { App + "/bye.txt" },
                        backchannel_logout_uri = App + "/oidc?logout=backchannel",
                        backchannel_logout_session_required = true,
                        consent = "none",
                        client_secret = new { file = "app.secret" },
                    },
                },
                users = new[]
                {
                    new
                    {
                        username = "alice",
                        email = "alice@example.test",
                        password = new { file = "alice.password" },
                    },
                },
            }
        );

    private string ApacheConfiguration(DemoAuthority authority) =>
        $"""
            ServerRoot "{_directory.FullName}"
            ServerName 127.0.0.1
            PidFile "{In("apache.pid")}"
            ErrorLog "{In("error.log")}"
            LoadModule mpm_event_module {Modules}mod_mpm_event.so
            LoadModule authn_core_module {Modules}mod_authn_core.so
            LoadModule authz_core_module {Modules}mod_authz_core.so
            LoadModule authz_user_module {Modules}mod_authz_user.so
            LoadModule mime_module {Modules}mod_mime.so
            LoadModule ssl_module {Modules}mod_ssl.so
            LoadModule auth_openidc_module {Modules}mod_auth_openidc.so
            <IfModule unixd_module>
            User www-data
            Group www-data
            </IfModule>
            TypesConfig /dev/null
            AddType text/plain .txt
            Listen 127.0.0.1:{_port.ToString(CultureInfo.InvariantCulture)}
            SSLEngine on
            SSLCertificateFile "{authority.CertificateFile}"
            SSLCertificateKeyFile "{authority.KeyFile}"
            DocumentRoot "{In("www")}"
            OIDCProviderMetadataURL {Issuer}/.well-known/openid-configuration
            OIDCClientID apache
            OIDCClientSecret {_secret}
            OIDCRedirectURI {App}/oidc
            OIDCCryptoPassphrase {RandomNumberGenerator.GetHexString(32)}
            OIDCScope "openid email"
            OIDCPKCEMethod S256
            OIDCCABundlePath "{In("ca.pem")}"
            <Location />
            AuthType openid-connect
            Require valid-user
            </Location>
            <Location /bye.txt>
            AuthType None
            Require all granted
            </Location>

            """;
}
