using System.Diagnostics;
using System.Globalization;
using Ostiary.Bench.Load;
using Ostiary.Bench.Subjects;

namespace Ostiary.Bench.Ceilings;

/// <summary>The bare handlers as a subject: for each operation the one that does as much and no more.</summary>
internal sealed class CeilingSubject : Subject
{
    private static readonly byte[] Token = "{\"access_token\":\"eyJ"u8.ToArray();
    private static readonly byte[] Constant = "{\"constant\":\"c"u8.ToArray();

    // As long as the form of a refresh or of an introspection.
    private static readonly string Form = "grant_type=refresh_token&client_id=app&refresh_token=" + new string('r', 80);
    private readonly bool _commits;

    private CeilingSubject(Process process, int port, bool commits)
        : base(process, port) => _commits = commits;

    public override string Name => _commits ? "one commit a request" : "bare handler";

    public static async Task<CeilingSubject> StartAsync(int payloadLength, string? database = null, string? preload = null)
    {
        var port = Machine.FreePort();
        List<string> arguments = ["ceiling", port.ToString(CultureInfo.InvariantCulture), payloadLength.ToString(CultureInfo.InvariantCulture)];
        if (database is not null)
            arguments.Add(database);
        var environment = preload is null ? null : new Dictionary<string, string> { ["LD_PRELOAD"] = preload };
        var process = Machine.Start(Machine.ServerCore, Environment.ProcessPath!, arguments, environment);
        await Machine.ListeningAsync(port, process);
        Ignore(process);
        return new(process, port, database is not null);
    }

    public override Task<IReadOnlyList<ICaller>?> CallersAsync(Operation operation, int connections)
    {
        var form = Http.Post("/form", Form, Http.Basic("gate", OstiarySubject.Secret));
        var signed = Http.Post(_commits ? "/commit" : "/signed", Form);
        Func<ICaller> make = operation switch
        {
            Operation.Discovery or Operation.Jwks => () => new SameCaller(Http.Get("/constant"), Constant, 1024),
            Operation.IntrospectJwt or Operation.IntrospectOpaque => () => new SameCaller(form, Constant, 1024),
            Operation.Code => () => new TwoCaller(new SameCaller(Http.Get("/constant"), Constant, 1024), new SameCaller(signed, Token, 400)),
            _ => () => new SameCaller(signed, Token, 400),
        };
        return Task.FromResult<IReadOnlyList<ICaller>?>([.. Enumerable.Range(0, connections).Select(_ => make())]);
    }
}
