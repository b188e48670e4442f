using System.CommandLine;
using Ostiary.Cli.Errors;
using Ostiary.Cli.Explanations;
using Ostiary.Cli.Output;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Errors;

namespace Ostiary.Cli.Commands;

/// <summary><c>ostiary explain</c>: what a code, a claim or a parameter means. Offline, from the text that the server's own pages show.</summary>
internal static class ExplainCommand
{
    private static readonly Argument<string?> What = new("CODE|CLAIM|PARAM")
    {
        Description = "A code (OST1012), its name, a claim (aud) or a parameter (code_challenge); nothing lists them all",
        HelpName = "CODE|CLAIM|PARAM",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public static Verb Create() =>
        new Verb("explain", "Explain an error code, a claim or a parameter, offline", Run)
        {
            Examples = ["ostiary explain OST1012", "ostiary explain code_challenge"],
        }.With(What);

    private static Task<int> Run(Invocation invocation)
    {
        if (invocation.Optional(What) is not { } what)
            List(invocation);
        else if (ErrorPages.Find(what) is { } reason)
            Show(reason, invocation);
        else if (Term.All().FirstOrDefault(t => string.Equals(t.Name, what, StringComparison.OrdinalIgnoreCase)) is { } term)
            Show(term, invocation);
        else
            throw new CliException(
                new(Reason.ResourceNotFound, $"'{what}' is neither a code nor a claim nor a parameter that is explained here.")
                {
                    Why = Near(what) is { } near ? $"the closest is '{near}'" : null,
                    Try = "ostiary explain",
                }
            );
        return Task.FromResult(0);
    }

    private static void Show(Reason reason, Invocation invocation)
    {
        var refusal = Refusal.For(reason);
        var page = ErrorPages.Markdown(reason) ?? $"# {Refusal.CodeOf(reason)} {Refusal.NameOf(reason)}\n\n{refusal.Text}\n";
        if (invocation.Form is OutputForm.Table)
        {
            var ink = invocation.Terminal.OutputInk;
            foreach (var line in page.TrimEnd().Split('\n'))
                invocation.Terminal.Result.WriteLine(line.StartsWith('#') ? ink.Bold(line.TrimStart('#').Trim()) : line);
            if (refusal.Error.Length > 0 && (int)reason < 8000)
                invocation.Terminal.Result.WriteLine($"\nOn the wire: HTTP {refusal.Status}, error={refusal.Error}, \"{refusal.Text}\"");
            return;
        }
        invocation.Results.One(
            JsonForms.Object(json =>
            {
                json.WriteString("code", Refusal.CodeOf(reason));
                json.WriteString("name", Refusal.NameOf(reason));
                json.WriteNumber("status", refusal.Status);
                json.WriteString("error", refusal.Error);
                json.WriteString("text", refusal.Text);
                json.WriteString("spec", refusal.Spec);
                json.WriteString("page", page);
            }),
            "code"
        );
    }

    private static void Show(Term term, Invocation invocation)
    {
        if (invocation.Form is not OutputForm.Table)
        {
            invocation.Results.One(term.ToJson(), "term");
            return;
        }
        var ink = invocation.Terminal.OutputInk;
        var to = invocation.Terminal.Result;
        to.WriteLine($"{ink.Bold(term.Name)}  ({term.Kind})");
        to.WriteLine();
        to.WriteLine(term.Meaning);
        to.WriteLine();
        to.WriteLine($"Set by          {term.SetBy}");
        to.WriteLine($"Common mistake  {term.Mistake}");
        to.WriteLine($"Spec            {term.Section}");
    }

    private static void List(Invocation invocation)
    {
        var list = JsonForms.Object(json =>
        {
            json.WriteStartArray("items");
            foreach (var reason in Enum.GetValues<Reason>())
                WriteItem(json, Refusal.CodeOf(reason), Refusal.NameOf(reason), Refusal.For(reason).Text);
            foreach (var term in Term.All())
                WriteItem(json, term.Name, term.Kind, term.Meaning);
            json.WriteEndArray();
        });
        invocation.Results.List(list, "explanation", [new("WHAT", "id"), new("NAME", "name"), new("MEANING", "text")]);
    }

    private static void WriteItem(System.Text.Json.Utf8JsonWriter json, string id, string name, string text)
    {
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteString("name", name);
        json.WriteString("text", text);
        json.WriteEndObject();
    }

    private static string? Near(string what) =>
        Term.All()
            .Select(t => t.Name)
            .Concat(Enum.GetValues<Reason>().Select(Refusal.NameOf))
            .FirstOrDefault(n => n.Contains(what, StringComparison.OrdinalIgnoreCase) || what.Contains(n, StringComparison.OrdinalIgnoreCase));
}
