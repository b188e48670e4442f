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
    private readonly bool _grouped;

    private CeilingSubject(Process process, int port, bool commits, bool grouped)
        : base(process, port) => (_commits, _grouped) = (commits, grouped);

    public override string Name =>
        _grouped ? "bare handler, rows in groups"
        : _commits ? "one commit a request"
        : "bare handler";

    public static async Task<CeilingSubject> StartAsync(int payloadLength, string? database = null, string? preload = null, bool grouped = false)
    {
        var port = Machine.FreePort();
        List<string> arguments = ["ceiling", port.ToString(CultureInfo.InvariantCulture), payloadLength.ToString(CultureInfo.InvariantCulture)];
        if (database is not null)
            arguments.Add(database);
        var environment = preload is null ? null : new Dictionary<string, string> { ["LD_PRELOAD"] = preload };
        var process = Machine.Start(Machine.ServerCore, Environment.ProcessPath!, arguments, environment);
        await Machine.ListeningAsync(port, process);
        Ignore(process);
        return new(process, port, database is not null, grouped);
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
        return Task.FromResult<IReadOnlyList<ICaller>?>([
            .. Enumerable.Range(0, connections).Select(i => BareOperation.Of(operation) is { } bare ? CallerOf(bare, i, connections) : make()),
        ]);
    }

    private ICaller CallerOf(BareOperation bare, int connection, int connections)
    {
        var path = _grouped ? bare.PathWithRow : bare.Path;
        var (body, length) = bare.Constant > 0 ? (Constant, bare.Constant) : (Token, 400);
        return bare.Operation switch
        {
            Operation.Push => new TurnsCaller([
                .. Flows.Push(path, connection, connections).Select(request => new SameCaller(request, body, length)),
            ]),
            Operation.Dpop => Flows.Prove(path, Port),
            Operation.Device => new SameCaller(Flows.Device(path), body, length),
            Operation.Exchange => new SameCaller(Flows.ExchangeOf(path, new string('t', 700)), body, length),
            _ => new SameCaller(Flows.Register(path, new string('p', 50)), body, length),
        };
    }
}
