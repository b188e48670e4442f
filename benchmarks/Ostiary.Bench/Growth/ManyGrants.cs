using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ostiary.Bench.Load;
using Ostiary.Bench.Subjects;
using Ostiary.Server.Grants;
using Ostiary.Server.Keys;
using Ostiary.Server.Tokens;

namespace Ostiary.Bench.Growth;

/// <summary>
/// Grants by number: copies of one that the server made, each under an identity that follows from its number. Their refresh tokens follow from identity and
/// generation, so none has to be kept.
/// </summary>
internal sealed class ManyGrants(string keys)
{
    private readonly GrantCredentials _credentials = new(MasterKey.Open(keys));
    private byte[] _generations = [];

    public long Count => _generations.Length;

    /// <summary>The first bytes of SHA-256 of the number in decimal digits: a database can make the same.</summary>
    public static GrantId IdOf(long number)
    {
        Span<byte> text = stackalloc byte[20];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        number.TryFormat(text, out var written, provider: CultureInfo.InvariantCulture);
        SHA256.HashData(text[..written], hash);
        return GrantId.Read(hash);
    }

    public GrantId IdIn(string refreshToken) =>
        _credentials.TryReadRefreshToken(refreshToken, out var id, out _, out _)
            ? id
            : throw new InvalidDataException("Not a refresh token of this server.");

    /// <summary>There are that many now.</summary>
    public void GrowTo(long count)
    {
        var before = _generations.Length;
        Array.Resize(ref _generations, checked((int)count));
        _generations.AsSpan(before).Fill(1);
    }

    /// <summary>Callers that rotate grants by chance, over all of them; no grant is in two hands.</summary>
    public IReadOnlyList<ICaller> Callers(int connections) =>
        [.. Enumerable.Range(0, connections).Select(connection => new Caller(this, connection, connections))];

    private sealed class Caller : ICaller
    {
        private readonly ManyGrants _grants;
        private readonly int _connection;
        private readonly int _connections;
        private ulong _chance;
        private int _number;
        private byte[] _token = [];
        private byte[] _request = [];

        public Caller(ManyGrants grants, int connection, int connections)
        {
            (_grants, _connection, _connections) = (grants, connection, connections);
            _chance = 0x9E3779B97F4A7C15 * (ulong)(connection + 1);
            Choose();
        }

        public ReadOnlySpan<byte> Request => _request;

        public Step Take(in Answer answer)
        {
            var next = Answers.Member(answer.Body, "\"refresh_token\":\""u8);
            var good =
                answer.Status == 200
                && next.Length == _token.Length
                && !next.SequenceEqual(_token)
                && Answers.Member(answer.Body, "\"access_token\":\""u8).Length > 20;
            if (good)
                _grants._generations[_number]++;
            Choose();
            return good ? Step.Done : Step.Refused;
        }

        private void Choose()
        {
            do
            {
                _chance ^= _chance << 13;
                _chance ^= _chance >> 7;
                _chance ^= _chance << 17;
                var own = (uint)(_grants._generations.Length / _connections);
                _number = (int)(_chance % own * (uint)_connections) + _connection;
            } while (_grants._generations[_number] == byte.MaxValue);
            var token = _grants._credentials.RefreshToken(IdOf(_number), _grants._generations[_number]);
            _token = Encoding.ASCII.GetBytes(token);
            _request = Http.Post("/token", "grant_type=refresh_token&client_id=app&refresh_token=" + token);
        }
    }
}
