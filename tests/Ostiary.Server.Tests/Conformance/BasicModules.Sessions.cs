namespace Ostiary.Server.Tests.Conformance;

public abstract partial class BasicModules
{
    [Fact, Trait("Module", "oidcc-prompt-login"), Trait("Spec", "OIDC Core §3.1.2.1"), Trait("Spec", "OIDC Core §3.1.2.3")]
    public async Task oidcc_prompt_login()
    {
        using var flow = await StartAsync();
        var first = await flow.SignInAsync();
        flow.Server.Time.Advance(TimeSpan.FromSeconds(1));
        var second = await flow.SignInAsync(("prompt", "login"));
        Assert.Equal(1, second.Visit.Logins);
        Assert.True(second.AuthTime > first.AuthTime);
        Assert.Equal(first.Subject, second.Subject);
    }

    [Fact, Trait("Module", "oidcc-prompt-none-not-logged-in"), Trait("Spec", "OIDC Core §3.1.2.6")]
    public async Task oidcc_prompt_none_not_logged_in()
    {
        using var flow = await StartAsync();
        var visit = await flow.VisitAsync(("prompt", "none"), ("state", ConformanceFlow.Random(128)));
        ConformanceFlow.AssertNobodyAsked(visit);
        ConformanceFlow.AssertNotNow(flow.ReadAnswer(visit));
    }

    [Fact, Trait("Module", "oidcc-prompt-none-logged-in"), Trait("Spec", "OIDC Core §3.1.2.1")]
    public async Task oidcc_prompt_none_logged_in()
    {
        using var flow = await StartAsync();
        var first = await flow.SignInAsync();
        Assert.Equal(1, first.Visit.Logins);
        flow.Server.Time.Advance(TimeSpan.FromSeconds(1));
        ConformanceFlow.AssertSameSession(first, await flow.SignInAsync(("prompt", "none")));
    }

    [Fact, Trait("Module", "oidcc-max-age-1"), Trait("Spec", "OIDC Core §3.1.2.1")]
    public async Task oidcc_max_age_1()
    {
        using var flow = await StartAsync();
        var first = await flow.SignInAsync();
        flow.Server.Time.Advance(TimeSpan.FromSeconds(2));
        var second = await flow.SignInAsync(("max_age", "1"));
        Assert.Equal(1, second.Visit.Logins);
        Assert.True(second.AuthTime > first.AuthTime);
        Assert.InRange(second.AuthTime, flow.Server.Time.GetUtcNow().ToUnixTimeSeconds() - 10, flow.Server.Time.GetUtcNow().ToUnixTimeSeconds());
    }

    [Fact, Trait("Module", "oidcc-max-age-10000"), Trait("Spec", "OIDC Core §3.1.2.1")]
    public async Task oidcc_max_age_10000()
    {
        using var flow = await StartAsync();
        var first = await flow.SignInAsync(("max_age", "15000"));
        flow.Server.Time.Advance(TimeSpan.FromSeconds(1));
        ConformanceFlow.AssertSameSession(first, await flow.SignInAsync(("max_age", "10000")));
    }

    [Fact, Trait("Module", "oidcc-id-token-hint"), Trait("Spec", "OIDC Core §3.1.2.1")]
    public async Task oidcc_id_token_hint()
    {
        using var flow = await StartAsync();
        var first = await flow.SignInAsync();
        flow.Server.Time.Advance(TimeSpan.FromSeconds(1));
        var second = await flow.SignInAsync(("prompt", "none"), ("id_token_hint", first.Tokens["id_token"]));
        ConformanceFlow.AssertSameSession(first, second);
    }

    [Fact, Trait("Module", "oidcc-login-hint"), Trait("Spec", "OIDC Core §3.1.2.1")]
    public async Task oidcc_login_hint()
    {
        using var flow = await StartAsync();
        await flow.SignInAsync(("login_hint", PlanServer.User));
    }

    [Fact, Trait("Module", "oidcc-ensure-request-with-acr-values-succeeds"), Trait("Spec", "OIDC Core §3.1.2.1")]
    public async Task oidcc_ensure_request_with_acr_values_succeeds()
    {
        using var flow = await StartAsync();
        var supported = flow.Supported("acr_values_supported");
        Assert.NotEmpty(supported);
        var signedIn = await flow.SignInAsync(("acr_values", string.Join(' ', supported)));
        Assert.Contains(signedIn.IdToken.GetProperty("acr").GetString(), supported);
    }
}
