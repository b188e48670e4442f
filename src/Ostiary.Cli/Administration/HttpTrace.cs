using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ostiary.Cli.Output;

namespace Ostiary.Cli.Administration;

/// <summary><c>--debug http</c>: each request and answer on stderr, with every secret masked.</summary>
internal sealed partial class HttpTrace(HttpMessageHandler inner, TextWriter to) : DelegatingHandler(inner)
{
    private const string Mask = "***";
    private const int MaxShown = 4000;
    private const int MaxRead = 64 * 1024;

    private static readonly HashSet<string> SecretNames = new(StringComparer.OrdinalIgnoreCase)
    {
        "client_secret",
        "api_secret",
        "secret",
        "secrets",
        "password",
        "token",
        "access_token",
        "refresh_token",
        "id_token",
        "id_token_hint",
        "code",
        "device_code",
        "user_code",
        "code_verifier",
        "client_assertion",
        "assertion",
        "subject_token",
        "actor_token",
        "private_key",
        "d",
        "k",
    };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        to.WriteLine($"> {request.Method} {Masked(request.RequestUri!.ToString())}");
        if (request.Headers.Authorization is { } authorization)
            to.WriteLine($"> Authorization: {authorization.Scheme} {Mask}");
        await WriteAsync("> ", request.Content, cancellationToken);
        var answer = await base.SendAsync(request, cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"< {(int)answer.StatusCode} {answer.ReasonPhrase}  {elapsed:0} ms"));
        foreach (var (name, values) in answer.Headers.Where(h => h.Key is "Ostiary-Flow" or "WWW-Authenticate" or "Location" or "Retry-After"))
            to.WriteLine($"< {name}: {Masked(Printable.Of(string.Join(", ", values)))}");
        await WriteAsync("< ", answer.Content, cancellationToken);
        return answer;
    }

    private async Task WriteAsync(string sign, HttpContent? content, CancellationToken ct)
    {
        var type = content?.Headers.ContentType?.MediaType;
        // A stream without an end is not waited for.
        if (content is null || content.Headers.ContentLength is null or 0 or > MaxRead)
            return;
        var shown = type switch
        {
            "application/json" => OfJson(await content.ReadAsByteArrayAsync(ct)),
            "application/x-www-form-urlencoded" => OfForm(await content.ReadAsStringAsync(ct)),
            _ => $"({content.Headers.ContentLength} bytes of {Printable.Of(type ?? "nothing known")})",
        };
        to.WriteLine(sign + (shown.Length <= MaxShown ? shown : shown[..MaxShown] + "…"));
    }

    /// <summary>A JSON text in which nothing is secret any more; only its length where it is no JSON.</summary>
    internal static string OfJson(byte[] utf8)
    {
        try
        {
            return Masked(JsonForms.Line(JsonForms.Parse(utf8), Write));
        }
        catch (JsonException)
        {
            return $"({utf8.Length} bytes that are not JSON)";
        }
    }

    internal static string OfForm(string form) =>
        Masked(
            string.Join(
                '&',
                form.Split('&').Select(f => SecretNames.Contains(f.Split('=', 2)[0]) ? f.Split('=', 2)[0] + "=" + Mask : Printable.Of(f))
            )
        );

    private static void Write(Utf8JsonWriter json, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                json.WriteStartObject();
                foreach (var member in value.EnumerateObject())
                {
                    json.WritePropertyName(member.Name);
                    WriteMember(json, member);
                }
                json.WriteEndObject();
                break;
            case JsonValueKind.Array:
                json.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                    Write(json, item);
                json.WriteEndArray();
                break;
            default:
                value.WriteTo(json);
                break;
        }
    }

    /// <summary>Of what is secret by its name nothing is shown; a list of secrets that an API describes by ids is no secret.</summary>
    private static void WriteMember(Utf8JsonWriter json, JsonProperty member)
    {
        if (!SecretNames.Contains(member.Name) || member.Value.ValueKind is JsonValueKind.Array)
            Write(json, member.Value);
        else if (member.Value.ValueKind == JsonValueKind.Object && member.Name != "secrets")
            Write(json, member.Value); // A reference to a file or a variable.
        else
            json.WriteStringValue(Mask);
    }

    /// <summary>Whatever looks like a credential, wherever it stands.</summary>
    private static string Masked(string text) => Credential().Replace(text, Mask);

    [GeneratedRegex(
        @"ost_[a-z]+_[A-Za-z0-9_-]{8,}|ey[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*|(?<=[?&](code|token|access_token|id_token_hint)=)[^&\s""]+"
    )]
    private static partial Regex Credential();
}
