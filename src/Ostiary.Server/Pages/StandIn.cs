using Microsoft.AspNetCore.Http;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Server.Pages;

// Stand-ins until the real pages land: delete this file then.
public static class ErrorPage
{
    public static Task WriteAsync(HttpContext http, Issuer issuer, Reason reason)
    {
        http.Response.StatusCode = Refusal.For(reason).Status;
        return Task.CompletedTask;
    }
}

public static class FormPostPage
{
    public static Task WriteAsync(HttpContext http, Issuer issuer, string redirectUri, IReadOnlyList<KeyValuePair<string, string>> parameters) =>
        Task.CompletedTask;
}
