using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Ostiary.Cli.Output;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Cli.Errors;

/// <summary>Prints an error on stderr: for people on a terminal, as one JSON line for programs.</summary>
internal static class ErrorWriter
{
    public static void Write(Terminal terminal, CliError error, bool asJson)
    {
        if (asJson)
            terminal.Error.WriteLine(Json(error));
        else
            WriteForPeople(terminal, error);
        terminal.Error.Flush();
    }

    private static void WriteForPeople(Terminal terminal, CliError error)
    {
        var lines = new StringBuilder();
        lines.Append(terminal.ErrorInk.Red("error")).Append(' ').Append(error.Code).Append("  ").AppendLine(Printable.Of(error.Message));
        foreach (var detail in error.Details)
            lines.Append("         ").AppendLine(Printable.Of(detail));
        if (error.Why is { } why)
            lines.Append("  why    ").AppendLine(Printable.Of(why));
        if (error.Try is { } advice)
            lines.Append("  try    ").AppendLine(Printable.Of(advice));
        if (error.Flow is { } flow)
            lines.Append("  flow   ").AppendLine(Printable.Of(flow));
        lines.Append("  more   ostiary explain ").AppendLine(error.Code);
        terminal.Error.Write(lines.ToString());
    }

    private static string Json(CliError error)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteStartObject("error");
            json.WriteString("code", error.Code);
            json.WriteString("name", Refusal.NameOf(error.Reason));
            json.WriteString("kind", KindOf(error.ExitCode));
            json.WriteString("message", error.Message);
            json.WriteString("hint", error.Why);
            if (error.Details.Count > 0)
                WriteList(json, "details", error.Details);
            WriteList(json, "next", error.Try is null ? [] : [error.Try]);
            json.WriteString("more", "ostiary explain " + error.Code);
            json.WriteNumber("exit", error.ExitCode);
            json.WriteString("flow_id", error.Flow);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void WriteList(Utf8JsonWriter json, string name, IReadOnlyList<string> items)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
            json.WriteStringValue(item);
        json.WriteEndArray();
    }

    private static string KindOf(int exit) =>
        exit switch
        {
            ExitCode.Usage => "usage",
            ExitCode.NotFound => "not_found",
            ExitCode.NotAllowed => "not_allowed",
            ExitCode.Conflict => "conflict",
            ExitCode.Unreachable => "unreachable",
            ExitCode.Refused => "refused",
            ExitCode.Findings => "findings",
            ExitCode.Inconclusive => "inconclusive",
            ExitCode.Interrupted => "interrupted",
            _ => "failure",
        };
}
