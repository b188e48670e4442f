using System.Text.Json;
using Ostiary.Cli.Commands;
using Ostiary.Cli.Errors;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Remote;

/// <summary>What the person is shown: where to go, and what to type there.</summary>
internal sealed record DevicePrompt(string Page, string? CompletePage, string UserCode, string DeviceCode, TimeSpan Lifetime, TimeSpan Interval);

/// <summary>A sign-in on another device or in a browser, as any program without one does it. RFC 8628 §3.1</summary>
internal sealed class DeviceLogin(AuthorizationServer server, string clientId, ClientProver? prover, CancellationToken ct)
{
    private static readonly TimeSpan SlowDown = TimeSpan.FromSeconds(5); // RFC 8628 §3.5

    public async Task<DevicePrompt> BeginAsync(IReadOnlyList<string> scopes, string? resource)
    {
        var form = new List<(string, string)> { ("scope", string.Join(' ', scopes)) };
        if (resource is not null)
            form.Add(("resource", resource)); // RFC 8707 §2
        var answer = await server.PostAsync("device_authorization_endpoint", clientId, null, form, ct);
        return new(
            Need(answer, "verification_uri"),
            Text(answer, "verification_uri_complete"),
            Need(answer, "user_code"),
            Need(answer, "device_code"),
            Seconds(answer, "expires_in", 600),
            Seconds(answer, "interval", 5) // RFC 8628 §3.2
        );
    }

    /// <summary>The token answer, once the person has agreed. A server that is away, or has too much to do, is asked again while the code lives. RFC 8628 §3.5</summary>
    public async Task<JsonElement> WaitAsync(DevicePrompt prompt)
    {
        var (begun, interval) = (TimeProvider.System.GetTimestamp(), prompt.Interval);
        while (true)
        {
            await Task.Delay(interval, TimeProvider.System, ct);
            var mayPass = TimeProvider.System.GetElapsedTime(begun) < prompt.Lifetime;
            int status;
            JsonElement answer;
            try
            {
                (status, answer) = await AskAsync(prompt);
            }
            catch (CliException failure) when (mayPass && failure.Error.Reason == Reason.ServerUnreachable)
            {
                interval += SlowDown;
                continue;
            }
            if (status is >= 200 and < 300)
                return answer;
            switch (AuthorizationServer.ErrorOf(answer))
            {
                case "authorization_pending":
                    break;
                case "slow_down":
                case var _ when mayPass && status is (429 or 503):
                    interval += SlowDown;
                    break;
                case "access_denied" or "expired_token":
                    throw new CliException(AuthorizationServer.Refusal("token_endpoint", status, answer) with { Exit = ExitCode.Inconclusive });
                default:
                    throw new CliException(AuthorizationServer.Refusal("token_endpoint", status, answer));
            }
        }
    }

    private Task<(int Status, JsonElement Answer)> AskAsync(DevicePrompt prompt) =>
        server.AskAsync(
            "token_endpoint",
            clientId,
            null,
            [("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", prompt.DeviceCode)], // RFC 8628 §3.4
            ct,
            prover
        );

    private static TimeSpan Seconds(JsonElement answer, string name, int otherwise) =>
        TimeSpan.FromSeconds(
            answer.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var seconds) && seconds > 0
                ? Math.Min(seconds, 24 * 60 * 60)
                : otherwise
        );

    private static string Need(JsonElement answer, string name) =>
        Text(answer, name)
        ?? throw new CliException(new(Reason.IssuerUnreachable, $"The server's answer has no {name}.") { Exit = ExitCode.Unreachable });

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
