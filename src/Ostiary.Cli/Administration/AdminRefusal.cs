using System.Net;
using System.Text.Json;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Output;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Administration;

/// <summary>An answer that refused, as the error that the command ends with.</summary>
internal static class AdminRefusal
{
    public static CliError Read(HttpResponseMessage answer, byte[] body, string target) =>
        (int)answer.StatusCode is >= 300 and < 400 ? Redirected(answer, target) : Read(answer.StatusCode, body, target);

    public static CliError Read(HttpStatusCode status, ReadOnlyMemory<byte> body, string target)
    {
        var json = Parse(body);
        var reason = ReasonOf(json) ?? ReasonOf(status);
        var faults = Faults(json);
        var message = Text(json, "message") ?? Text(json, "error_description") ?? $"{target} answered {(int)status}.";
        return new(reason, message)
        {
            Exit = ExitOf(status),
            Why = Text(json, "hint"),
            Try = Next(json) ?? NextStep(status),
            // A single fault is the message already.
            Details = faults.Count > 1 ? [.. faults.Select(f => f.Text)] : [],
            Faults = faults,
            Flow = Text(json, "flow_id"),
        };
    }

    private static CliError Redirected(HttpResponseMessage answer, string target) =>
        new(Reason.ServerRedirected, $"The server redirected {target} to {answer.Headers.Location}. Nothing was done.")
        {
            Try = answer.Headers.Location is { IsAbsoluteUri: true } to
                ? $"--server {to.GetLeftPart(UriPartial.Authority)}"
                : "use the issuer's own URL",
        };

    /// <summary>The members stand at the top or in <c>error</c>.</summary>
    private static JsonElement Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            var json = JsonForms.Parse(body);
            if (json.ValueKind != JsonValueKind.Object)
                return default;
            return json.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object ? error : json;
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private static Reason? ReasonOf(JsonElement json)
    {
        var code = Text(json, "code") ?? Text(json, "error_uri")?.Split('/')[^1];
        return
            code is { Length: 7 }
            && code.StartsWith("OST", StringComparison.Ordinal)
            && int.TryParse(code[3..], out var number)
            && Enum.IsDefined((Reason)number)
            ? (Reason)number
            : null;
    }

    private static Reason ReasonOf(HttpStatusCode status) =>
        status switch
        {
            HttpStatusCode.Unauthorized => Reason.AdminUnauthorized,
            HttpStatusCode.Forbidden => Reason.AdminForbidden,
            HttpStatusCode.NotFound => Reason.ResourceNotFound,
            HttpStatusCode.Conflict or HttpStatusCode.PreconditionFailed => Reason.RevisionConflict,
            HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity => Reason.AdminRequestMalformed,
            HttpStatusCode.TooManyRequests => Reason.TooManyRequests,
            _ => Reason.ServerUnreachable,
        };

    private static int ExitOf(HttpStatusCode status) =>
        (int)status switch
        {
            401 or 403 => ExitCode.NotAllowed,
            404 => ExitCode.NotFound,
            409 or 412 => ExitCode.Conflict,
            421 or 429 or >= 500 => ExitCode.Unreachable,
            _ => ExitCode.Usage,
        };

    private static string? NextStep(HttpStatusCode status) =>
        status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
                "set OSTIARY_TOKEN to a token that may administer, or use --data DIR on the server's machine",
            _ => null,
        };

    /// <summary>The first step that is not the explanation, which every error names anyway.</summary>
    private static string? Next(JsonElement json) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty("next", out var next) && next.ValueKind == JsonValueKind.Array
            ? next.EnumerateArray().Select(Cell.Text).FirstOrDefault(n => !n.StartsWith("ostiary explain", StringComparison.Ordinal))
            : null;

    private static List<(string Path, string Text)> Faults(JsonElement json)
    {
        var faults = new List<(string, string)>();
        if (json.ValueKind == JsonValueKind.Object && json.TryGetProperty("faults", out var items) && items.ValueKind == JsonValueKind.Array)
            foreach (var fault in items.EnumerateArray())
                faults.Add(
                    fault.ValueKind == JsonValueKind.Object
                        ? (Text(fault, "path") ?? "", $"{Text(fault, "path")}: {Text(fault, "message")} {Text(fault, "hint")}".Trim(' ', ':'))
                        : ("", Cell.Text(fault))
                );
        return faults;
    }

    private static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
