using System.Buffers.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Protocol.Jose;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Admin;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;
using Ostiary.Server.Http;

namespace Ostiary.Server.Registration;

/// <summary>POST /register: a client registers itself. RFC 7591 §3</summary>
public sealed class RegistrationEndpoint
{
    /// <summary>Registrations without a token: thirty at once, then one in two minutes, for each network.</summary>
    private const int Burst = 30;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(2);
    private readonly Issuer _issuer;
    private readonly LiveConfiguration _configuration;
    private readonly RegistrationChanges _changes;
    private readonly RateTable _networks;

    internal RegistrationEndpoint(Issuer issuer, LiveConfiguration configuration, RegistrationChanges changes)
    {
        (_issuer, _configuration, _changes) = (issuer, configuration, changes);
        _networks = new(issuer.Master.Derive("registration-rate"), "network", Burst, Interval, issuer.Time);
    }

    public async Task HandleAsync(HttpContext http)
    {
        var now = _issuer.Now;
        var body = await RegistrationBody.ReadAsync(http);
        var set = _configuration.CurrentSet;
        var policy = _configuration.Current.Settings.Registration;
        var id = "reg-" + Entropy.Text(12); // CIMD §6.9
        var request = RegistrationBody.RequestOf(http, body, id, policy, _configuration.OnLoopback);
        var initial = RegistrationBody.Find(set.InitialTokens.Values, request.Token);
        var facts = new RegistrationFacts
        {
            Policy = policy,
            Initial = initial,
            Throttled = policy is { Open: true } && initial is null && !_networks.TryTake(Network.Of(http) ?? "", out _),
            Registered = set.Clients.Registered,
        };
        var verdict = RegistrationRules.Create.Judge(request, facts, now);
        Registered? registered = null;
        if (verdict.Allowed)
        {
            _issuer.Log.Reserve();
            registered = await _changes.CreateAsync(request.Metadata!.Document!, initial, policy!, now, http.RequestAborted);
            if (registered.Refused is { } lost)
                verdict = verdict with { Refused = lost };
        }
        _issuer.Log.Record(
            DecisionRecord.Of(verdict, now, Flow.Of(http)) with
            {
                ClientId = verdict.Allowed ? id : null,
                Item = initial?.Id,
                Change = verdict.Allowed ? "registered" : null,
                Network = Network.Of(http),
                Revision = _configuration.Current.Revision,
            }
        );
        if (verdict.Allowed)
            await RegistrationAnswer.WriteAsync(http, _issuer, StatusCodes.Status201Created, registered!, request.Metadata!.Warnings); // RFC 7591 §3.2.1
        else
            await RegistrationAnswer.RefuseAsync(http, _issuer, verdict.Refused!.Value, request.Metadata);
    }
}

/// <summary>What came of a change: the client with the texts that are shown once, or why there is none.</summary>
internal sealed record Registered(ClientDocument? Client, string? Secret, string? Token, Reason? Refused = null);

/// <summary>Reads what the registration endpoints are sent.</summary>
internal static class RegistrationBody
{
    private const int MaxBody = 64 * 1024;
    private const string Scheme = "Bearer ";

    public static async ValueTask<JsonElement?> ReadAsync(HttpContext http)
    {
        if (!http.Request.HasJsonContentType() || http.Request.Headers.ContentEncoding.Count > 0)
            return null;
        if (await RequestReader.ReadBodyAsync(http, MaxBody) is not { } bytes || !StrictJson.TryParseObject(bytes, out var json))
            return null;
        using (json)
            return json.RootElement.Clone();
    }

    public static RegistrationRequest RequestOf(HttpContext http, JsonElement? body, string id, RegistrationPolicy? policy, bool onLoopback)
    {
        var header = http.Request.Headers.Authorization;
        var token = header.Count == 1 && header[0]!.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[0]![Scheme.Length..] : null; // RFC 6750 §2.1
        var metadata = body is { } asked ? RegistrantMetadata.Of(asked, id, policy ?? new(), onLoopback) : null;
        return new(header.Count > 0, token, metadata);
    }

    public static InitialToken? Find(IEnumerable<InitialToken> tokens, string? presented)
    {
        if (presented is null || !CredentialText.TryParse(CredentialText.InitialToken, presented, out _))
            return null;
        var hash = ClientSecrets.Hash(presented);
        return tokens.FirstOrDefault(token => Same(token.Sha256, hash));
    }

    /// <summary>The client of the path, where the token is its own.</summary>
    public static ClientDocument? Owner(ConfigurationSet set, string id, string? presented)
    {
        if (presented is null || !CredentialText.TryParse(CredentialText.RegistrationToken, presented, out _))
            return null;
        var client = set.Clients.GetValueOrDefault(id);
        return client is { Registration: { } registration, Client.Disabled: false } && Same(registration.TokenSha256, ClientSecrets.Hash(presented))
            ? client
            : null;
    }

    private static bool Same(string left, string right) => FixedTime.Equals(Base64Url.DecodeFromChars(left), Base64Url.DecodeFromChars(right));
}
