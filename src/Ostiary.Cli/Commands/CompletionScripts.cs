using System.Text;

namespace Ostiary.Cli.Commands;

/// <summary>The completion scripts: each finds the longest path of commands typed so far and offers what may follow it.</summary>
internal static class CompletionScripts
{
    public static string Bash(IReadOnlyList<(string Path, IReadOnlyList<string> Next)> words) =>
        $$"""
            # bash completion of ostiary
            _ostiary() {
              local current="${COMP_WORDS[COMP_CWORD]}" path="" word i next
              for ((i = 1; i < COMP_CWORD; i++)); do
                word="${COMP_WORDS[i]}"
                [[ $word == -* ]] && continue
                next="${path:+$path }$word"
                _ostiary_words "$next" >/dev/null && path="$next"
              done
              mapfile -t COMPREPLY < <(compgen -W "$(_ostiary_words "$path")" -- "$current")
              [[ ${#COMPREPLY[@]} -eq 0 ]] && mapfile -t COMPREPLY < <(compgen -f -- "$current")
            }
            _ostiary_words() {
              case "$1" in
            {{Cases(words, "    ")}}
                *) return 1 ;;
              esac
            }
            complete -F _ostiary ostiary

            """;

    public static string Zsh(IReadOnlyList<(string Path, IReadOnlyList<string> Next)> words) =>
        $$"""
            #compdef ostiary
            # zsh completion of ostiary
            _ostiary_words() {
              case "$1" in
            {{Cases(words, "    ")}}
                *) return 1 ;;
              esac
            }
            _ostiary() {
              local path_typed="" word next i
              for ((i = 2; i < CURRENT; i++)); do
                word="${words[i]}"
                [[ $word == -* ]] && continue
                next="${path_typed:+$path_typed }$word"
                _ostiary_words "$next" >/dev/null && path_typed="$next"
              done
              local -a candidates
              candidates=(${(s: :)"$(_ostiary_words "$path_typed")"})
              compadd -- $candidates || _files
            }
            compdef _ostiary ostiary

            """;

    public static string Fish(IReadOnlyList<(string Path, IReadOnlyList<string> Next)> words)
    {
        var script = new StringBuilder("# fish completion of ostiary\nfunction __ostiary_at\n");
        script.Append(
            "    set -l typed\n    for word in (commandline -opc)[2..-1]\n        string match -q -- '-*' $word; or set -a typed $word\n    end\n"
        );
        script.Append(
            "    string match -q -- \"$argv\" \"$typed\"; or begin\n        test -n \"$argv\"; and string match -q -- \"$argv *\" \"$typed\"\n    end\nend\n"
        );
        foreach (var (path, next) in words)
        {
            script.Append("complete -c ostiary -n '__ostiary_at ").Append(path).Append("' -a '");
            script.AppendJoin(' ', next.Where(n => !n.StartsWith('-'))).Append("'\n");
            foreach (var option in next.Where(n => n.StartsWith("--", StringComparison.Ordinal)))
                script.Append("complete -c ostiary -n '__ostiary_at ").Append(path).Append("' -l ").Append(option[2..]).Append('\n');
        }
        return script.ToString();
    }

    public static string PowerShell(IReadOnlyList<(string Path, IReadOnlyList<string> Next)> words)
    {
        var script = new StringBuilder("# PowerShell completion of ostiary\n$OstiaryWords = @{\n");
        foreach (var (path, next) in words)
            script.Append("  '").Append(path).Append("' = @(").AppendJoin(", ", next.Select(n => $"'{n}'")).Append(")\n");
        script.Append(
            """
            }
            Register-ArgumentCompleter -Native -CommandName ostiary -ScriptBlock {
              param($wordToComplete, $commandAst, $cursorPosition)
              $path = ''
              foreach ($element in $commandAst.CommandElements | Select-Object -Skip 1) {
                $word = $element.ToString()
                if ($word.StartsWith('-')) { continue }
                $next = ("$path $word").Trim()
                if ($OstiaryWords.ContainsKey($next)) { $path = $next }
              }
              $OstiaryWords[$path] | Where-Object { $_ -like "$wordToComplete*" } |
                ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
            }

            """
        );
        return script.ToString();
    }

    private static string Cases(IReadOnlyList<(string Path, IReadOnlyList<string> Next)> words, string indent) =>
        string.Join('\n', words.Select(w => $"{indent}\"{w.Path}\") echo \"{string.Join(' ', w.Next)}\" ;;"));
}
