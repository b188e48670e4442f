using Ostiary.Bench.Subjects;

namespace Ostiary.Bench.Ceilings;

/// <summary>
/// What the least handler of an operation does: HTTP, its form or JSON, and the signatures that must be checked and made. Beside it stands the same with one row
/// for each request, made durable in groups; to the ceiling itself no row belongs.
/// </summary>
/// <param name="Constant">How many bytes it answers; zero: a signed token.</param>
/// <param name="Verifies">A DPoP proof is checked first.</param>
internal sealed record BareOperation(Operation Operation, int Constant, bool IsJson = false, bool Verifies = false)
{
    // csharpier-ignore
    public static readonly IReadOnlyList<BareOperation> All =
    [
        new(Operation.Push,     Constant: 540),
        new(Operation.Dpop,     Constant: 0, Verifies: true),
        new(Operation.Device,   Constant: 350),
        new(Operation.Exchange, Constant: 0),
        new(Operation.Register, Constant: 900, IsJson: true),
    ];

    public string Path => "/" + Operation;

    public string PathWithRow => Path + "/row";

    public static BareOperation? Of(Operation operation) => All.FirstOrDefault(bare => bare.Operation == operation);
}
