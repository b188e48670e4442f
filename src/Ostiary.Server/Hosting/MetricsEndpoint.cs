using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Decisions;
using Ostiary.Server.Keys;
using Ostiary.Server.Stores;
using Ostiary.Server.Tokens;

namespace Ostiary.Server.Hosting;

/// <summary>
/// GET /metrics, in the text form that Prometheus reads: decisions by act and code, signing keys by state, load, memory. For this machine and the administration socket
/// only; to anybody else, also through a proxy, there is nothing here. No name of a client or a person is in it.
/// </summary>
public sealed class MetricsEndpoint(
    CountedDecisions decisions,
    KeyRing keys,
    Follower follower,
    EndedTokens ended,
    Admission admission,
    Func<int> signInsWaiting,
    TimeProvider time
)
{
    private readonly Follower _follower = follower;
    private readonly EndedTokens _ended = ended;

    public static Task HandleAsync(HttpContext http, IReadOnlyList<(string Issuer, MetricsEndpoint Metrics)> issuers)
    {
        if (!IsLocal(http))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }
        http.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        http.Response.Headers.CacheControl = "no-store";
        // Who has one issuer need not be told which.
        return http.Response.WriteAsync(
            issuers is [var (_, only)] ? Text([("", only)]) : Text([.. issuers.Select(i => ($"issuer=\"{i.Issuer}\"", i.Metrics))]),
            http.RequestAborted
        );
    }

    private static bool IsLocal(HttpContext http)
    {
        if (http.Request.Headers.ContainsKey("X-Forwarded-For") || http.Request.Headers.ContainsKey("Forwarded"))
            return false;
        return http.Connection.RemoteIpAddress is not { } peer || IPAddress.IsLoopback(peer);
    }

    private static string Text(IReadOnlyList<(string Label, MetricsEndpoint Metrics)> issuers)
    {
        var text = new StringBuilder(2048);
        Head(text, "ostiary_decisions_total", "counter", "Decisions since the start, by act and, where refused, by code.");
        foreach (var (label, metrics) in issuers)
            metrics.WriteDecisions(text, label.Length == 0 ? "" : label + ",");
        Head(text, "ostiary_signing_key_age_seconds", "gauge", "Age of each signing key, by algorithm and state.");
        foreach (var (label, metrics) in issuers)
            metrics.WriteKeys(text, label.Length == 0 ? "" : label + ",");
        issuers[0].Metrics.WriteLoad(text); // Of the process: the same for all.
        Head(text, "ostiary_feed_lag_seconds", "gauge", "How old what this node knows of the others is at most.");
        foreach (var (label, metrics) in issuers)
            Line(text, $"ostiary_feed_lag_seconds{Braced(label)} {metrics._follower.Lag.TotalSeconds:0.000}");
        Head(text, "ostiary_ended_tokens", "gauge", "Grants and access tokens that ended before their time and are remembered.");
        foreach (var (label, metrics) in issuers)
            Line(text, $"ostiary_ended_tokens{Braced(label)} {metrics._ended.Count}");
        Head(text, "process_resident_memory_bytes", "gauge", "Memory of the process.");
        Line(text, $"process_resident_memory_bytes {Environment.WorkingSet}");
        return text.ToString();
    }

    private static string Braced(string label) => label.Length == 0 ? "" : "{" + label + "}";

    private void WriteDecisions(StringBuilder text, string label)
    {
        foreach (var (act, refused, count) in decisions.Counts.OrderBy(c => c.Act, StringComparer.Ordinal).ThenBy(c => c.Refused))
        {
            var outcome = refused is null ? "allowed" : "refused";
            var code = refused is { } reason ? Refusal.CodeOf(reason) : "";
            Line(text, $"ostiary_decisions_total{{{label}act=\"{act}\",outcome=\"{outcome}\",code=\"{code}\"}} {count}");
        }
    }

    private void WriteKeys(StringBuilder text, string label)
    {
        foreach (var key in keys.List())
            Line(
                text,
                $"ostiary_signing_key_age_seconds{{{label}kid=\"{key.Kid}\",alg=\"{key.Alg}\",state=\"{key.State.ToString().ToLowerInvariant()}\"}} {AgeOf(key)}"
            );
    }

    private void WriteLoad(StringBuilder text)
    {
        Head(text, "ostiary_requests_total", "counter", "Requests let in and shed since the start, by lane.");
        foreach (var lane in admission.Lanes)
        {
            Line(text, $"ostiary_requests_total{{lane=\"{lane.Name}\",outcome=\"admitted\"}} {lane.Admitted}");
            Line(text, $"ostiary_requests_total{{lane=\"{lane.Name}\",outcome=\"shed\"}} {lane.Shed}");
        }
        Head(text, "ostiary_requests_in_work", "gauge", "Requests that were let in and have not ended.");
        Line(text, $"ostiary_requests_in_work {admission.InWork}");
        Head(text, "ostiary_queue_milliseconds", "gauge", "How long requests wait for a processor.");
        Line(text, $"ostiary_queue_milliseconds {admission.QueueMilliseconds}");
        Head(text, "ostiary_sign_ins_waiting", "gauge", "Passwords that wait to be checked.");
        Line(text, $"ostiary_sign_ins_waiting {signInsWaiting()}");
    }

    private long AgeOf(KeyInfo key) => (long)(time.GetUtcNow() - key.PublishedAt).TotalSeconds;

    private static void Head(StringBuilder text, string name, string kind, string help) =>
        text.Append($"# HELP {name} {help}\n# TYPE {name} {kind}\n");

    private static void Line(StringBuilder text, FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
