using System.Text.Json;

namespace Ostiary.Cli.Diagnosis;

internal enum Outcome
{
    Pass,
    Warn,
    Fail,
}

/// <summary>One check: what was looked at, what was seen, and what to do about it.</summary>
internal sealed record Finding(string Check, Outcome Outcome, string Evidence, string Fix = "")
{
    public string Word =>
        Outcome switch
        {
            Outcome.Pass => "pass",
            Outcome.Warn => "warn",
            _ => "FAIL",
        };

    public static Finding Pass(string check, string evidence) => new(check, Outcome.Pass, evidence);

    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("check", Check);
        json.WriteString("result", Word);
        json.WriteString("evidence", Evidence);
        json.WriteString("fix", Outcome == Outcome.Pass ? null : Fix);
        json.WriteEndObject();
    }
}
