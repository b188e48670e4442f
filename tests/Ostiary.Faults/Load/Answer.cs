using System.Net;
using System.Text.Json;
using Ostiary.Faults.Records;

namespace Ostiary.Faults.Load;

/// <summary>An answer as a client reads it.</summary>
internal sealed record Answer(int Status, string Text, string? RetryAfter = null)
{
    /// <summary>A storage that failed leaves open what was done; every other refusal by a 5xx says that nothing was.</summary>
    private static readonly string[] OfTheStorage = ["OST5001", "OST5002", "OST5003", "OST5004", "OST5010", "OST5020", "OST5021", "OST5099"];

    public string this[string member]
    {
        get
        {
            if (!Text.StartsWith('{'))
                return "";
            using var json = JsonDocument.Parse(Text);
            return json.RootElement.TryGetProperty(member, out var value) ? value.ToString() : "";
        }
    }

    /// <summary>The stable code of a refusal.</summary>
    public string Code => this["error_uri"].Split('/')[^1];

    public Outcome Outcome =>
        Status switch
        {
            >= 200 and < 400 => Outcome.Ok,
            (int)HttpStatusCode.TooManyRequests => Outcome.Shed,
            >= 500 => Code.Length > 0 && !OfTheStorage.Contains(Code) ? Outcome.Shed : Outcome.Failed,
            _ => Outcome.Refused,
        };
}
