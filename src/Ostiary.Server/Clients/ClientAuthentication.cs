using System.Net;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Configuration;
using Ostiary.Server.Http;
using Ostiary.Server.Registration;
using Ostiary.Server.Senders;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Clients;

/// <summary>A client whose authentication succeeded; only <see cref="ClientAuthentication"/> makes one. A public client has only named itself.</summary>
public sealed class AuthenticatedClient
{
    internal AuthenticatedClient(Client client) => Client = client;

    public Client Client { get; }
}

/// <summary>
/// Client authentication at every endpoint that needs it: <c>client_secret_basic</c>, <c>client_secret_post</c>, <c>private_key_jwt</c>,
/// <c>client_secret_jwt</c>, <c>tls_client_auth</c>, <c>self_signed_tls_client_auth</c>, <c>none</c>.
/// RFC 6749 §2.3, OIDC Core §9, RFC 7523 §3, RFC 8705 §2
/// </summary>
public sealed class ClientAuthentication
{
    private readonly IssuerUrl _issuer;
    private readonly IOneTimeStore _oneTime;
    private readonly ClientAssertions _assertions;
    private readonly ClientCertificates _certificates;
    private readonly CredentialUses _uses;
    private readonly MetadataClients _described;

    internal ClientAuthentication(Issuer issuer, ClientKeys keys, MetadataClients described)
    {
        (_issuer, _oneTime, _uses, _described) = (issuer.Url, issuer.Stores.OneTime, issuer.Uses, described);
        _assertions = new ClientAssertions(keys, new ClientSecrets(issuer.Master));
        _certificates = new ClientCertificates(issuer.MutualTls, keys);
    }

    public const string AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"; // RFC 7523 §2.2

    /// <summary>A throttled address may still present the right secret, so nobody can lock a client out.</summary>
    private readonly FailureThrottle<ClientAtAddress> _throttle = new(20, TimeSpan.FromMinutes(1));

    /// <summary>The verdict, and the client where it is known (for the record) or authenticated.</summary>
    public sealed record Result(Verdict Verdict, string? ClientId, AuthenticatedClient? Authenticated);

    public async ValueTask<Result> AuthenticateAsync(HttpContext http, FormParameters form, Snapshot snapshot, DateTimeOffset now)
    {
        var presented = ClientCredentials.Read(http, form);
        var client = presented.ClientId is { } id ? (await _described.FindAsync(id, Network.Of(http), snapshot, http.RequestAborted)).Client : null;
        if (presented.Secret is "" && client is { IsPublic: true })
            presented = presented with { Method = ClientAuthenticationMethod.None, Secret = null }; // RFC 6749 §2.3.1: an empty secret is the same as none.
        var facts = await LoadAsync(presented, client, snapshot, http, now);
        var verdict = ClientAuthenticationRules.All.Judge(presented, facts, now);
        if (verdict.Refused is Reason.SecretWrong or Reason.AuthenticatingClientUnknown)
            _throttle.Failed(facts.Place, now);
        if (verdict.Allowed && facts.Assertion is { } assertion && !await IsFirstUseAsync(assertion, now, http.RequestAborted))
            verdict = verdict with { Refused = Reason.AssertionReplayed }; // RFC 7523 §3
        if (
            verdict.Allowed
            && (
                facts.Secret?.Id
                ?? facts.Assertion?.KeyId
                ?? facts.Certificate?.KeyId
                ?? (facts.Certificate is null ? null : presented.Certificate.Key!.Thumbprint)
                ?? (snapshot.Clients.ContainsKey(client!.Id) && client.Registered ? CredentialUses.NoCredential : null)
            )
                is { } credential
        )
            _uses.Note(client!.Id, credential, now);
        return new(verdict, presented.ClientId, verdict.Allowed ? new AuthenticatedClient(client!) : null);
    }

    private async ValueTask<ClientAuthenticationFacts> LoadAsync(
        ClientCredentials presented,
        Client? client,
        Snapshot snapshot,
        HttpContext http,
        DateTimeOffset now
    )
    {
        var place = new ClientAtAddress(client?.Id, http.Connection.RemoteIpAddress); // Unknown clients share one entry per address: nobody fills the table with names.
        var assertion = presented.Assertion is null ? null : await _assertions.ReadAsync(presented.Assertion, client, http.RequestAborted);
        return new()
        {
            Client = client,
            Place = place,
            Throttled = _throttle.IsThrottled(place, now),
            Secret = presented.Secret is null ? assertion?.Secret : ClientSecrets.Find(client, presented.Secret),
            Assertion = assertion,
            Certificate = await _certificates.LoadAsync(presented.Certificate, client, now, http.RequestAborted),
            Issuer = _issuer,
            Fence = snapshot.Fence?.Since,
        };
    }

    private ValueTask<bool> IsFirstUseAsync(ClientAssertion assertion, DateTimeOffset now, CancellationToken ct) =>
        _oneTime.TryAddOnceAsync(
            $"assertion\n{assertion.Issuer}\n{assertion.Id}",
            assertion.ExpiresAt!.Value + ClientAuthenticationRules.Skew,
            now,
            ct
        );
}

/// <summary>Whose failures are counted together. Unknown clients share one entry per address: nobody fills the table with names.</summary>
internal readonly record struct ClientAtAddress(string? ClientId, IPAddress? Address);

/// <summary>What a request presents as client credentials. Nothing of it is trusted.</summary>
internal sealed record ClientCredentials
{
    /// <summary>What the base64 reader would pass over.</summary>
    private const string WhiteSpace = " \t\r\n";

    public ClientAuthenticationMethod Method { get; init; }
    public string? ClientId { get; init; }
    public string? Secret { get; init; }
    public string? Assertion { get; init; }
    public string? AssertionType { get; init; }
    public required PresentedCertificate Certificate { get; init; }

    /// <summary>More than one method, or the Authorization header twice.</summary>
    public bool Repeated { get; init; }
    public bool BasicMalformed { get; init; }

    /// <summary>A <c>client_id</c> parameter beside other credentials that names somebody else.</summary>
    public bool IdsDiffer { get; init; }

    public static ClientCredentials Read(HttpContext http, FormParameters form)
    {
        var certificate = PresentedCertificate.Of(http);
        var header = http.Request.Headers.Authorization;
        var secret = form["client_secret"];
        var assertion = form["client_assertion"];
        var bodyId = form["client_id"];
        if (header.Count > 1 || header.Count + (secret is null ? 0 : 1) + (assertion is null ? 0 : 1) > 1)
            return new()
            {
                Repeated = true,
                ClientId = bodyId,
                Certificate = certificate,
            };
        if (header.Count == 1)
            return ReadBasic(header[0]!, bodyId, certificate);
        if (assertion is not null)
        {
            var subject = ClientAssertion.SubjectOf(assertion);
            return new()
            {
                Method = ClientAuthenticationMethod.PrivateKeyJwt,
                ClientId = bodyId ?? subject,
                IdsDiffer = bodyId is not null && subject is not null && bodyId != subject,
                Assertion = assertion,
                AssertionType = form["client_assertion_type"],
                Certificate = certificate,
            };
        }
        var method = secret is null ? ClientAuthenticationMethod.None : ClientAuthenticationMethod.ClientSecretPost;
        return new()
        {
            Method = method,
            ClientId = bodyId,
            Secret = secret,
            Certificate = certificate,
        };
    }

    /// <summary>Both parts are form-encoded before they are joined. RFC 6749 §2.3.1</summary>
    private static ClientCredentials ReadBasic(string header, string? bodyId, PresentedCertificate certificate)
    {
        Span<byte> bytes = stackalloc byte[1024];
        var malformed = new ClientCredentials
        {
            BasicMalformed = true,
            ClientId = bodyId,
            Certificate = certificate,
        };
        if (!header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
            return malformed;
        var text = header["Basic ".Length..];
        if (text.Length > 1360 || text.AsSpan().IndexOfAny(WhiteSpace) >= 0 || !Convert.TryFromBase64String(text, bytes, out var length))
            return malformed;
        var colon = bytes[..length].IndexOf((byte)':');
        if (colon <= 0 || bytes[..length].Contains((byte)'&'))
            return malformed;
        if (!FormParameters.TryDecode(bytes[..colon], out var id) || !FormParameters.TryDecode(bytes[(colon + 1)..length], out var secret))
            return malformed;
        return new()
        {
            Method = ClientAuthenticationMethod.ClientSecretBasic,
            ClientId = id,
            Secret = secret,
            IdsDiffer = bodyId is not null && bodyId != id,
            Certificate = certificate,
        };
    }
}
