using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Clients;
using Ostiary.Server.Configuration;
using Ostiary.Server.Decisions;

namespace Ostiary.Server.Http;

/// <summary>A form request of an authenticated client about one token: introspection and revocation.</summary>
public sealed record ClientRequest(Client Client, FormParameters Form, string Token, Snapshot Snapshot, DateTimeOffset Now);

/// <summary>A form request of an authenticated client.</summary>
public sealed record ClientForm(Client Client, FormParameters Form, Snapshot Snapshot, DateTimeOffset Now);

/// <summary>
/// The beginning that introspection, revocation and device authorization share: read the form, authenticate the client; for the first two, have a token.
/// Refusals are answered and recorded here.
/// </summary>
public sealed class ClientRequestReader(Issuer issuer, ClientGate gate)
{
    private sealed record Facts(Reason? Malformed, bool HasQuery, bool IsAboutToken) : IFormFacts;

    // csharpier-ignore
    private static readonly RuleList<FormParameters, Facts> Rules = new("client.request")
    {
        FormRules.All,
        { "token is present", Reason.TokenMissing, "RFC 7009 §2.1",   (r, f, now) => !f.IsAboutToken || r.Has("token") },
    };

    internal static IRuleReference Reference => Rules;

    /// <summary>Null: refused, and the answer is written.</summary>
    public async ValueTask<ClientRequest?> ReadAsync(HttpContext http) =>
        await ReadFormAsync(http, isAboutToken: true) is { } read ? new(read.Client, read.Form, read.Form["token"]!, read.Snapshot, read.Now) : null;

    /// <summary>Null: refused, and the answer is written.</summary>
    public async ValueTask<ClientForm?> ReadFormAsync(HttpContext http, bool isAboutToken = false)
    {
        var now = issuer.Now;
        var snapshot = issuer.Configuration.Current;
        var (form, malformed) = await RequestReader.ReadFormAsync(http);
        var verdict = Rules.Judge(form, new(malformed, http.Request.QueryString.HasValue, isAboutToken), now);
        // Authentication comes before what is said about the request, and after what cannot be read at all.
        if (!verdict.Allowed && verdict.Refused is not Reason.TokenMissing)
        {
            await gate.RefuseAsync(http, verdict, null, snapshot, now, form.Repeated);
            return null;
        }
        if (await gate.AdmitAsync(http, form, snapshot, now) is not { } authenticated)
            return null;
        if (!verdict.Allowed)
        {
            await gate.RefuseAsync(http, verdict, authenticated.Client.Id, snapshot, now);
            return null;
        }
        return new(authenticated.Client, form, snapshot, now);
    }
}
