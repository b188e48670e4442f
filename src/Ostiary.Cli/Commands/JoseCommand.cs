using System.Text;
using Ostiary.Protocol.Jose;

namespace Ostiary.Cli.Commands;

/// <summary><c>ostiary jose</c>: the JOSE line protocol, for interoperability tests. It runs the code that checks tokens.</summary>
internal static class JoseCommand
{
    public static Verb Create() => new("jose", "Answer one JSON object a line: verify, decrypt, thumbprint", Run) { Hidden = true };

    private static async Task<int> Run(Invocation invocation)
    {
        using var input = new StreamReader(Console.OpenStandardInput(), new UTF8Encoding(false));
        while (await input.ReadLineAsync(invocation.Stop) is { } line)
            if (line.Length > 0)
                invocation.Terminal.Stream(JoseLineProtocol.Answer(line));
        return 0;
    }
}
