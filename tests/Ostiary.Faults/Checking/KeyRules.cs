using Ostiary.Faults.Records;
using Ostiary.Protocol.Jose;

namespace Ostiary.Faults.Checking;

/// <summary>A verifier that keeps a fetched key set for as long as it was told to verifies every token that it meets in that time.</summary>
internal static class KeyRules
{
    private static readonly JwsPolicy Policy = new() { Algorithms = JwsPolicy.AllAlgorithms, Types = [JwsPolicy.AnyType] };

    public static IEnumerable<Violation> Check(IReadOnlyList<Op> ops, Promise promise)
    {
        var fetches = ops.Where(op => op is { Act: Act.FetchKeys, Outcome: Outcome.Ok }).Select(Parse).ToList();
        var keys = new Dictionary<string, (string Public, Op Fetch)>(StringComparer.Ordinal);
        foreach (var (op, set) in fetches)
        foreach (var key in set.Keys)
            if (!keys.TryAdd(key.Kid!, (key.Thumbprint(), op)) && keys[key.Kid!].Public != key.Thumbprint())
                yield return new("I8", $"two keys are called {key.Kid}", keys[key.Kid!].Fetch, op);
        foreach (var issued in ops.Where(op => op.Outcome == Outcome.Ok && op.Access.Length > 0 && op.Act != Act.Introspect))
        {
            var kid = Claims.Of(issued.Access).Kid;
            var blind = fetches.Find(fetch => MustKnow(fetch.Fetch, issued, promise) && !fetch.Keys.Keys.Any(key => key.Kid == kid));
            if (blind.Fetch is not null && !ops.Any(op => op.Act is Act.RevokeKey && op.MayHaveHappened && op.Begun < issued.Ended))
                yield return new("I8", $"a token is signed with a key that a fresh key set does not have ({kid})", blind.Fetch, issued);
            var set = fetches.Find(fetch => fetch.Keys.Keys.Any(key => key.Kid == kid)).Keys;
            if (set is not null && !Jws.TryVerify(issued.Access, set, Policy, out _, out _))
                yield return new("I8", "a signature does not verify", issued);
        }
    }

    /// <summary>The token was given while the set was fresh, or before it and is still good.</summary>
    private static bool MustKnow(Op fetch, Op issued, Promise promise) =>
        issued.Ended < fetch.Begun + (fetch.Number1 * 1000) && issued.Begun + promise.AccessLifetime - promise.Slack > fetch.Ended;

    private static (Op Fetch, JsonWebKeySet Keys) Parse(Op op) =>
        JsonWebKeySet.TryParse(System.Text.Encoding.UTF8.GetBytes(op.Text), publicOnly: true, out var set, out _)
            ? (op, set)
            : throw new InvalidOperationException("The key set cannot be read: " + op.Text);
}
