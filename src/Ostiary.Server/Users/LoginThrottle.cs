using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Ostiary.Server.Http;

namespace Ostiary.Server.Users;

/// <summary>
/// Slows guessing down, per account and per network, without ever locking an account: whoever fails for an account from one network fills that network's
/// bucket for it; its owner comes in from another network, and always from a browser that has signed in to it before. Only failures count. RFC 6819 §5.1.4.2.3
/// </summary>
internal sealed class LoginThrottle
{
    private const int KnownSlots = 1 << 16;
    private readonly ulong[] _known = new ulong[KnownSlots];
    private readonly byte[] _key;
    private readonly RateTable _knownBrowser;
    private readonly RateTable _accountAtNetwork;
    private readonly RateTable _account;
    private readonly RateTable _network;

    public LoginThrottle(byte[] key, TimeProvider time)
    {
        _key = key;
        _knownBrowser = new(key, "browser", burst: 10, TimeSpan.FromSeconds(30), time);
        _accountAtNetwork = new(key, "account+network", burst: 10, TimeSpan.FromSeconds(30), time);
        _account = new(key, "account", burst: 100, TimeSpan.FromSeconds(10), time);
        _network = new(key, "network", burst: 100, TimeSpan.FromSeconds(3), time);
    }

    /// <summary>Counts an attempt before its password is looked at, so that parallel attempts are counted too.</summary>
    /// <param name="account">The subject, whatever alias was typed; the normalised text where there is no such account.</param>
    /// <param name="network">The peer's /24 or /48.</param>
    /// <param name="browser">Hash of the browser cookie.</param>
    public bool TryBegin(string account, string? network, string browser, out Attempt attempt, out TimeSpan retryAfter)
    {
        attempt = new Attempt(this, account, browser);
        if (IsKnown(account, browser))
            return attempt.TryTake(_knownBrowser, account + "\n" + browser, out retryAfter);
        network ??= "";
        return attempt.TryTake(_accountAtNetwork, account + "\n" + network, out retryAfter)
            && attempt.TryTake(_account, account, out retryAfter)
            && attempt.TryTake(_network, network, out retryAfter);
    }

    private bool IsKnown(string account, string browser)
    {
        var mark = MarkOf(account, browser);
        return Volatile.Read(ref _known[mark % KnownSlots]) == mark;
    }

    private void Remember(string account, string browser)
    {
        var mark = MarkOf(account, browser);
        Volatile.Write(ref _known[mark % KnownSlots], mark);
    }

    private ulong MarkOf(string account, string browser)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData([.. _key, .. Encoding.UTF8.GetBytes(account + "\n" + browser)], hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }

    /// <summary>One attempt: what it took is given back unless it was a wrong password.</summary>
    internal sealed class Attempt(LoginThrottle throttle, string account, string browser)
    {
        private readonly List<(RateTable Table, string Key)> _taken = [];

        public void Succeeded()
        {
            GiveBack();
            throttle.Remember(account, browser);
        }

        public void GiveBack()
        {
            foreach (var (table, key) in _taken)
                table.GiveBack(key);
            _taken.Clear();
        }

        internal bool TryTake(RateTable table, string key, out TimeSpan retryAfter)
        {
            if (!table.TryTake(key, out retryAfter))
            {
                GiveBack();
                return false;
            }
            _taken.Add((table, key));
            return true;
        }
    }
}
