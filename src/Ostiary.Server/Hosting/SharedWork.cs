using Ostiary.Server.Users;

namespace Ostiary.Server.Hosting;

/// <summary>What all issuers of a process have in common: its processors, and with them the bounds on what it takes on at once.</summary>
public sealed class SharedWork(Limits limits) : IDisposable
{
    public Admission Admission { get; } = new(limits);
    public Passwords Passwords { get; } = new(limits.SignIns);

    public void Dispose()
    {
        Admission.Dispose();
        Passwords.Dispose();
    }
}
