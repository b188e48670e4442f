using System.Text;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;
using Ostiary.Protocol;
using Ostiary.Protocol.Dpop;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Remote;

/// <summary>Makes DPoP proofs with one key: that of a file, which is made where it is not there, or one that lives as long as the program. RFC 9449 §4.2</summary>
internal sealed class ClientProver : IDisposable
{
    private const string Algorithm = "ES256";
    private readonly JwsSigner _signer;
    private readonly TimeProvider _time;

    private ClientProver(JsonWebKey key, TimeProvider time) => (_signer, _time) = (JwsSigner.CreateWithEmbeddedKey(key, Algorithm), time);

    public string Thumbprint => _signer.Key.Thumbprint();

    public static ClientProver Ephemeral() => new(JsonWebKey.Generate(Algorithm, "dpop"), TimeProvider.System);

    public static ClientProver Open(string path)
    {
        try
        {
            if (!File.Exists(path))
                Create(path);
            if (!JsonWebKey.TryParse(File.ReadAllBytes(path), out var key, out _) || key is not { Kty: "EC", Crv: "P-256", HasPrivate: true })
                throw new CliException(
                    new(Reason.InputUnreadable, $"{path} holds no private P-256 key as a JWK.") { Try = "--dpop with a file that is not there yet" }
                );
            return new(key, TimeProvider.System);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new CliException(new(Reason.InputUnreadable, $"The key file {path} cannot be used: {fault.Message}"));
        }
    }

    /// <param name="accessToken">The token that it comes with; null at the token endpoint.</param>
    public string Proof(string method, Uri target, string? nonce = null, string? accessToken = null)
    {
        var now = _time.GetUtcNow();
        var claims = JsonForms.Object(json =>
        {
            json.WriteString("jti", Entropy.Text(16));
            json.WriteString("htm", method);
            json.WriteString("htu", target.GetLeftPart(UriPartial.Path));
            json.WriteNumber("iat", now.ToUnixTimeSeconds());
            if (accessToken is not null)
                json.WriteString("ath", DpopProof.HashOf(accessToken));
            if (nonce is not null)
                json.WriteString("nonce", nonce);
        });
        return _signer.Sign(DpopProof.Type, Encoding.UTF8.GetBytes(claims.GetRawText()));
    }

    public void Dispose() => _signer.Dispose();

    private static void Create(string path)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using var file = new FileStream(path, options);
        file.Write(JsonWebKey.Generate(Algorithm, "dpop").ToPrivateUtf8());
    }
}
