using Microsoft.AspNetCore.Http;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Admin;
using Ostiary.Server.Http;

namespace Ostiary.Server.Registration;

/// <summary>The answers of the registration endpoints. RFC 7591 §3.2, RFC 7592 §3</summary>
internal static class RegistrationAnswer
{
    public static Task WriteAsync(HttpContext http, Issuer issuer, int status, Registered registered, IReadOnlyList<string> warnings)
    {
        var client = registered.Client!;
        http.Response.StatusCode = status;
        return JsonAnswer.WriteAsync(
            http,
            json =>
            {
                ClientJson.Write(json, client, registered.Secret, warnings);
                json.WriteString("registration_client_uri", issuer.Url.At("/register/" + Uri.EscapeDataString(client.Client.Id)));
                if (registered.Token is not null)
                    json.WriteString("registration_access_token", registered.Token);
            }
        );
    }

    /// <summary>What the registrant itself sent is named to it: nobody else is there to tell it what to change.</summary>
    public static Task RefuseAsync(HttpContext http, Issuer issuer, Reason reason, RegistrantMetadata? metadata)
    {
        var refusal = Refusal.For(reason);
        http.Response.StatusCode = refusal.Status;
        if (refusal.Status == StatusCodes.Status401Unauthorized)
            http.Response.Headers.WWWAuthenticate = $"Bearer realm=\"{issuer.Url.Text}\", error=\"{refusal.Error}\""; // RFC 6750 §3
        return JsonAnswer.WriteAsync(
            http,
            json =>
            {
                json.WriteString("error", refusal.Error);
                json.WriteString("error_description", Describe(refusal, reason, metadata));
                json.WriteString("error_uri", issuer.ErrorUri(reason));
            }
        );
    }

    private static string Describe(Refusal refusal, Reason reason, RegistrantMetadata? metadata)
    {
        var detail = reason switch
        {
            Reason.RegistrationNotOffered => metadata?.NotOffered,
            Reason.RedirectHostNotOffered => metadata?.HostNotOffered,
            Reason.RedirectUriNotAcceptable or Reason.ClientMetadataInvalid => metadata?.Fault is { } fault
                ? $"{fault.Path}: {fault.Message} {fault.Hint}".TrimEnd()
                : null,
            _ => null,
        };
        return detail is null ? refusal.Text : refusal.Text + " " + Plain(detail);
    }

    /// <summary>Printable ASCII without quotation mark and backslash. RFC 6749 §5.2</summary>
    private static string Plain(string text) =>
        string.Create(
            text.Length,
            text,
            static (plain, from) =>
            {
                for (var i = 0; i < plain.Length; i++)
                    plain[i] =
                        from[i] is '"' or '\\' ? '\''
                        : from[i] is >= ' ' and <= '~' ? from[i]
                        : '?';
            }
        );
}
