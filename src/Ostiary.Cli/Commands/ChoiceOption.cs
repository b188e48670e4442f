using System.CommandLine;

namespace Ostiary.Cli.Commands;

/// <summary>An option that takes one of a few words.</summary>
internal static class ChoiceOption
{
    public static Option<string?> Create(string name, string description, params string[] choices)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = string.Join('|', choices) };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !choices.Contains(token.Value, StringComparer.Ordinal))
                result.AddError($"'{token.Value}' is not one of {string.Join(", ", choices)} ({name}).");
        });
        option.CompletionSources.Add(choices);
        return option;
    }
}
