using System.Net;
using System.Text.RegularExpressions;
using System.Web;
using ModelContextProtocol.Authentication;

namespace Ostiary.Program.Tests.ForeignClients;

/// <summary>A person with a browser, for clients that are no script: fills in the pages and comes back with the answer.</summary>
internal sealed partial class Person(string issuer, string username, string password) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() });

    /// <summary>The pages that were shown.</summary>
    public List<string> Pages { get; } = [];

    public async Task<AuthorizationResult> AuthorizeAsync(Uri asked)
    {
        var cancelled = TestContext.Current.CancellationToken;
        var response = await _http.GetAsync(asked, cancelled);
        for (var hops = 0; hops < 10; hops++)
        {
            var here = response.RequestMessage!.RequestUri!;
            if (response.Headers.Location is { } location)
            {
                var next = new Uri(here, location);
                if (next.GetLeftPart(UriPartial.Authority) != issuer)
                    return Read(next);
                response = await _http.GetAsync(next, cancelled);
                continue;
            }
            var html = await response.Content.ReadAsStringAsync(cancelled);
            Assert.True(response.StatusCode == HttpStatusCode.OK, html);
            var isLogin = html.Contains("name=\"password\"", StringComparison.Ordinal);
            Pages.Add(isLogin ? "login" : "consent");
            KeyValuePair<string, string>[] fields = isLogin ? [new("username", username), new("password", password)] : [new("decision", "allow")];
            using var form = new FormUrlEncodedContent([new("csrf", CsrfField().Match(html).Groups[1].Value), .. fields]);
            response = await _http.PostAsync(here, form, cancelled);
        }
        throw new InvalidOperationException("The pages went in a circle.");
    }

    public void Dispose() => _http.Dispose();

    private static AuthorizationResult Read(Uri answer)
    {
        var parameters = HttpUtility.ParseQueryString(answer.Query);
        return new AuthorizationResult
        {
            Code = parameters["code"],
            State = parameters["state"],
            Iss = parameters["iss"],
        };
    }

    [GeneratedRegex("name=\"csrf\" value=\"([^\"]+)\"")]
    private static partial Regex CsrfField();
}
