using Ostiary.Bench.Subjects;

namespace Ostiary.Bench.Scenarios;

/// <summary>All scenarios, in the order in which they run.</summary>
internal static class Table
{
    private const int Usual = 32;
    private const int Many = 64;

    // csharpier-ignore
    public static readonly IReadOnlyList<IScenario> All =
    [
        new OperationScenario("client-credentials", "client credentials, ES256 JWT",        Operation.ClientCredentials, Usual, 0.85, 5),
        new OperationScenario("introspect-jwt",     "introspection, JWT",                   Operation.IntrospectJwt,     Usual, 0.70, 6),
        new OperationScenario("introspect-opaque",  "introspection, opaque token",          Operation.IntrospectOpaque,  Usual, 0.70, 6),
        new OperationScenario("refresh",            "refresh rotation, durable on SQLite",  Operation.Refresh,           Many,  0.60, 6),
        new OperationScenario("code",               "code + PKCE, durable on SQLite",       Operation.Code,              Usual, 0.50, 5),
        new OperationScenario("discovery",          "discovery",                            Operation.Discovery,         Usual, 0.95, 2),
        new OperationScenario("jwks",               "JWKS",                                 Operation.Jwks,              Usual, 0.95, 2),
        new FlowScenario("par",      "pushed request, with a client secret; nothing is stored",                          Operation.Push,     "form + constant",                        Commits: false),
        new FlowScenario("dpop",     "client credentials with a DPoP proof, used up durably on SQLite; no nonces",       Operation.Dpop,     "form + one verification + one signature", Commits: true),
        new FlowScenario("device",   "device authorization, durable on SQLite",                                          Operation.Device,   "form + constant",                        Commits: true),
        new FlowScenario("exchange", "token exchange of a JWT that was verified before; nothing is stored",              Operation.Exchange, "form + one signature",                   Commits: false),
        new FlowScenario("register", "dynamic registration with an initial access token, durable on SQLite",             Operation.Register, "JSON + constant",                        Commits: true),
        new OneCommitScenario("one-commit",         "refresh rotation against one commit a request, this disk",  FlushMicroseconds: 0),
        new OneCommitScenario("one-commit-slow",    "the same, on a disk whose flush takes 3.4 ms",              FlushMicroseconds: 3400),
        new PostgresScenario(),
        new StartScenario(),
        new SweepScenario(),
        new GrowthScenario("growth-sqlite",   onPostgres: false),
        new GrowthScenario("growth-postgres", onPostgres: true),
    ];

    public static IReadOnlyList<IScenario> Chosen(Options options) =>
        options.Only.Count > 0 ? [.. All.Where(s => options.Only.Contains(s.Name))] : [.. All.Where(s => s.RunsBy(options))];
}
