using System.Net;
using System.Text;

namespace Ostiary.Program.Tests.Faults;

/// <summary>What a busy server sees: sign-ins, redemptions, rotations, revocations, services and administration, all at once, until it is killed.</summary>
public sealed class Load(RunningServer server, History history, string cookies, int round)
{
    private const int Browsers = 5;

    public Task RunAsync(CancellationToken ct) =>
        Task.WhenAll([
            .. Enumerable.Range(0, Browsers).Select(i => UntilDeadAsync((caller, n) => SignInAsync(caller, n + i, ct), ct)),
            UntilDeadAsync((caller, n) => RobotAsync(caller, n, ct), ct),
            AdministerAsync(ct),
        ]);

    private async Task UntilDeadAsync(Func<Caller, int, Task> act, CancellationToken ct)
    {
        using var caller = new Caller(server);
        try
        {
            for (var n = 0; !ct.IsCancellationRequested; n++)
                await act(caller, n);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or OperationCanceledException)
        {
            // The kill: what was under way stays unknown.
        }
    }

    private async Task SignInAsync(Caller caller, int number, CancellationToken ct)
    {
        if (await caller.AuthorizeAsync(cookies, ct) is not { } code)
        {
            history.Surprises.Add("no code for a browser that is signed in");
            return;
        }
        var story = new SignInStory(code);
        history.SignIns.Add(story);
        if (number % 8 == 7)
            return; // A code that nobody redeemed.
        story.Redeemed = Outcome.Unknown;
        if (!Took(story, await caller.RedeemAsync(code, ct)))
            return;
        story.Redeemed = Outcome.Acknowledged;
        for (var rotation = 0; rotation < number % 4; rotation++)
        {
            story.RotationUnknown = true;
            if (!Took(story, await caller.RefreshAsync(story.Refresh[^1], ct)))
                return;
            story.RotationUnknown = false;
        }
        if (number % 3 != 1)
            return;
        story.Revoked = Outcome.Unknown;
        if (Expect(await caller.RevokeAsync(story.Refresh[^1], ct)))
            story.Revoked = Outcome.Acknowledged;
    }

    private async Task RobotAsync(Caller caller, int number, CancellationToken ct)
    {
        var answer = await caller.RobotTokenAsync(ct);
        if (!Expect(answer))
            return;
        var story = new RobotStory(answer["access_token"]);
        history.Robots.Add(story);
        if (number % 2 == 0)
            return;
        story.Revoked = Outcome.Unknown;
        if (Expect(await caller.RobotRevokesAsync(story.Token, ct)))
            story.Revoked = Outcome.Acknowledged;
    }

    private async Task AdministerAsync(CancellationToken ct)
    {
        using var http = server.NewAdministration();
        await UntilDeadAsync(
            async (_, n) =>
            {
                var name = $"made-{round}-{n}";
                var (list, body) =
                    n % 2 == 0
                        ? ("clients", $$"""{"client_id":"{{name}}","type":"spa","redirect_uris":["{{Ground.Redirect}}"]}""")
                        : ("users", $$"""{"username":"{{name}}","email":"{{name}}@example.test"}""");
                var story = new AdminStory($"{list}/{name}") { Created = Outcome.Unknown };
                history.Objects.Add(story);
                using var content = new StringContent(body, Encoding.UTF8, "application/json");
                using var created = await http.PostAsync(new Uri(list, UriKind.Relative), content, ct);
                if (created.StatusCode != HttpStatusCode.Created)
                {
                    history.Surprises.Add($"{(int)created.StatusCode} for a new {list}: {await created.Content.ReadAsStringAsync(ct)}");
                    return;
                }
                story.Created = Outcome.Acknowledged;
                if (n % 5 != 0)
                    return;
                story.Deleted = Outcome.Unknown;
                using var deleted = await http.DeleteAsync(new Uri(story.Path, UriKind.Relative), ct);
                if (deleted.IsSuccessStatusCode)
                    story.Deleted = Outcome.Acknowledged;
                else
                    history.Surprises.Add($"{(int)deleted.StatusCode} for deleting {story.Path}");
            },
            ct
        );
    }

    private bool Took(SignInStory story, Answer answer)
    {
        if (!Expect(answer))
            return false;
        story.Refresh.Add(answer["refresh_token"]);
        story.Access.Add(answer["access_token"]);
        return true;
    }

    private bool Expect(Answer answer)
    {
        if (!answer.IsOk)
            history.Surprises.Add($"{(int)answer.Status} {answer.Text}");
        return answer.IsOk;
    }
}
