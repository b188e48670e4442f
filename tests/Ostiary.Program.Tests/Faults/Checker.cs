using System.Net;

namespace Ostiary.Program.Tests.Faults;

/// <summary>Holds a restarted server against what callers saw before the kill. Presenting a spent credential ends its grant by design, so each grant is used for one property.</summary>
public sealed class Checker(RunningServer server, CancellationToken ct) : IDisposable
{
    private readonly Caller _caller = new(server);
    private readonly HttpClient _administration = server.NewAdministration();

    /// <summary>Stories that stay dead for ever, for later rounds.</summary>
    public List<SignInStory> Ended { get; } = [];

    public async Task CheckAsync(History history)
    {
        var number = 0;
        foreach (var story in history.SignIns)
            await CheckAsync(story, number++);
        foreach (var story in history.Robots)
            await CheckAsync(story);
        foreach (var story in history.Objects)
            await CheckAsync(story);
    }

    public void Dispose()
    {
        _caller.Dispose();
        _administration.Dispose();
    }

    /// <summary>Nothing brings an ended grant back.</summary>
    public async Task CheckDeadAsync(SignInStory story)
    {
        await MustBeRefusedAsync(_caller.RedeemAsync(story.Code, ct), "the code of an ended grant");
        if (story.Refresh is [.., var newest])
            await MustBeRefusedAsync(_caller.RefreshAsync(newest, ct), "the refresh token of an ended grant");
        foreach (var access in story.Access)
            Assert.False(await _caller.IsActiveAsync(access, ct), "an access token of an ended grant is active");
    }

    private async Task CheckAsync(SignInStory story, int number)
    {
        switch (story)
        {
            case { Revoked: Outcome.Acknowledged }:
                await CheckDeadAsync(story);
                Ended.Add(story);
                break;
            case { Revoked: Outcome.Unknown }:
                await CheckEitherRevokedAsync(story);
                break;
            case { Redeemed: not Outcome.Acknowledged }:
                await CheckRedeemedOnceAsync(story);
                break;
            case { RotationUnknown: false } when number % 2 == 0:
                await CheckCodeIsSpentAsync(story);
                break;
            default:
                await CheckOneLiveTokenAsync(story);
                break;
        }
    }

    /// <summary>A code whose redemption was not acknowledged works once or not at all; one that was never presented works.</summary>
    private async Task CheckRedeemedOnceAsync(SignInStory story)
    {
        var first = await _caller.RedeemAsync(story.Code, ct);
        if (first.IsOk)
            story.Refresh.Add(first["refresh_token"]);
        else
            Assert.True(story.Redeemed == Outcome.Unknown, "an acknowledged code is lost: " + first.Text);
        await CheckDeadAsync(story);
        Ended.Add(story);
    }

    private async Task CheckCodeIsSpentAsync(SignInStory story)
    {
        foreach (var access in story.Access)
            Assert.True(await _caller.IsActiveAsync(access, ct), "an acknowledged access token is not active");
        await CheckDeadAsync(story);
        Ended.Add(story);
    }

    private async Task CheckOneLiveTokenAsync(SignInStory story)
    {
        var newest = story.Refresh[^1];
        if (story is { RotationUnknown: false, Refresh: [.., var before, _] })
            Assert.Equal(newest, await NextAsync(before)); // A retry: the same successor again.
        var next = await NextAsync(newest);
        Assert.Equal(next, await NextAsync(newest));
        var afterNext = await NextAsync(next);
        // Two generations back is reuse: that there is only one live token shows in that everything ends.
        await MustBeRefusedAsync(_caller.RefreshAsync(newest, ct), "a refresh token of two generations back");
        await MustBeRefusedAsync(_caller.RefreshAsync(afterNext, ct), "the live token after a reuse");
        Ended.Add(story);
    }

    private async Task CheckEitherRevokedAsync(SignInStory story)
    {
        var answer = await _caller.RefreshAsync(story.Refresh[^1], ct);
        var active = await _caller.IsActiveAsync(story.Access[^1], ct);
        Assert.True(answer.IsOk == active, $"a revocation was half done: refresh {answer.Status}, access token active: {active}");
    }

    private async Task CheckAsync(RobotStory story)
    {
        var active = await _caller.IsActiveAsync(story.Token, ct);
        if (story.Revoked != Outcome.Unknown)
            Assert.Equal(story.Revoked == Outcome.NotAsked, active);
    }

    private async Task CheckAsync(AdminStory story)
    {
        using var response = await _administration.GetAsync(new Uri(story.Path, UriKind.Relative), ct);
        if (story.Deleted == Outcome.Acknowledged)
            Assert.Equal((story.Path, HttpStatusCode.NotFound), (story.Path, response.StatusCode));
        else if (story is { Created: Outcome.Acknowledged, Deleted: Outcome.NotAsked })
            Assert.Equal((story.Path, HttpStatusCode.OK), (story.Path, response.StatusCode));
        else
            Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.NotFound);
    }

    private async Task<string> NextAsync(string token)
    {
        var answer = await _caller.RefreshAsync(token, ct);
        Assert.True(answer.IsOk, "a live refresh token is refused: " + answer.Text);
        return answer["refresh_token"];
    }

    private static async Task MustBeRefusedAsync(Task<Answer> asked, string what)
    {
        var answer = await asked;
        Assert.True(
            answer is { Status: HttpStatusCode.BadRequest } && answer["error"] == "invalid_grant",
            $"{what} gave {answer.Status} {answer.Text}"
        );
    }
}
