using System.Text;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;

namespace Ostiary.AspNetCore.Bff;

/// <summary>Ends the session here first, then asks the issuer to end its own.</summary>
internal sealed class SignOutEndpoint(BffParts parts)
{
    private readonly BffOptions _options = parts.Options;

    public async Task StartAsync(HttpContext http)
    {
        if (!OwnPage.IsSource(http.Request, _options))
        {
            await BffPage.WriteRefusalAsync(http, _options, Reason.FormForged);
            return;
        }
        var current = http.Features.Get<CurrentSession>();
        if (current is not null)
            await parts.Sessions.RemoveAsync(current.Id, http.RequestAborted);
        parts.Cookies.EndSession(http);
        var endpoint = (await parts.Issuer.GetAsync(http.RequestAborted))?.Metadata.EndSessionEndpoint;
        if (current is null || endpoint is null)
        {
            BffPage.Redirect(http, _options.SignedOutPath);
            return;
        }
        KeyValuePair<string, string>[] request =
        [
            new("id_token_hint", current.Session.IdToken), // RP-Initiated Logout §2
            new("client_id", _options.ClientId),
            new("post_logout_redirect_uri", _options.PostLogoutRedirectUri),
            new("state", parts.Cookies.StartSignOut(http)),
        ];
        parts.SendAway(http, "sign-out", endpoint, request);
    }

    /// <summary>The way back. The session has ended already, so a foreign state changes nothing and is only told.</summary>
    public Task FinishAsync(HttpContext http)
    {
        var answer = SignInEndpoint.QueryOf(http);
        var expected = parts.Cookies.TakeSignOut(http);
        var holds = expected is not null && FixedTime.Equals(Encoding.UTF8.GetBytes(answer["state"] ?? ""), Encoding.UTF8.GetBytes(expected)); // RP-Initiated Logout §3
        parts.Tell(
            new BffHop
            {
                Name = holds ? "signed out" : "signed out, state not ours",
                Method = "GET",
                Url = _options.PostLogoutRedirectUri,
                Sent = parts.Show(answer.All),
                Status = 303,
            }
        );
        BffPage.Redirect(http, _options.SignedOutPath);
        return Task.CompletedTask;
    }
}
