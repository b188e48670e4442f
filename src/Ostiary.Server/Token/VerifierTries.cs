using Ostiary.Protocol;
using Ostiary.Server.Clients;
using Ostiary.Server.Grants;

namespace Ostiary.Server.Token;

/// <summary>
/// Counts wrong code_verifiers per code, in bounded memory of this node: whoever holds a stolen code may not guess without end. A wrong one counts before it is
/// answered, so that parallel guesses are counted too. RFC 6749 §10.10
/// </summary>
internal sealed class VerifierTries
{
    public const int Max = 5;

    /// <summary>Longer than any code lives.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromHours(1);
    private readonly FailureThrottle<GrantId> _wrong = new(Max, Window);

    /// <summary>How many wrong ones came before this one.</summary>
    public int Before(Grant? grant, Client client, string? verifier, DateTimeOffset now)
    {
        if (grant?.Request.CodeChallenge is not { } challenge || grant.ClientId != client.Id || verifier is null || !Pkce.IsVerifier(verifier))
            return 0;
        var key = grant.Id;
        return Pkce.Matches(verifier, challenge) ? _wrong.CountOf(key, now) : _wrong.Failed(key, now) - 1;
    }
}
