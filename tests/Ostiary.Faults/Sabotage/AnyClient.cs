using Ostiary.Server.Grants;
using Ostiary.Server.Stores;

namespace Ostiary.Faults.Sabotage;

/// <summary>Every other look finds that the grant is the stranger's.</summary>
internal sealed class AnyClient(IGrantStore inner) : PassingGrants(inner)
{
    private int _looks;

    public override async ValueTask<Grant?> FindAsync(GrantId id, CancellationToken ct) =>
        await Inner.FindAsync(id, ct) is { } grant
            ? grant with
            {
                ClientId = Interlocked.Increment(ref _looks) % 2 == 0 ? "stranger" : grant.ClientId,
            }
            : null;
}
