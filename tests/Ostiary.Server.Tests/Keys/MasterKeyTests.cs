using System.Security.Cryptography;
using System.Text;
using Ostiary.Protocol;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Keys;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Tests.Keys;

public sealed class MasterKeyTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("ostiary-key-").FullName;

    private string KeyFile => Path.Combine(_directory, "master.key");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    [Trait("Spec", "RFC 5869 §2")]
    public void Derives_one_key_per_purpose_by_extract_and_expand()
    {
        var master = MasterKey.Open(_directory);
        var pseudorandom = HMACSHA256.HashData(new byte[32], File.ReadAllBytes(KeyFile));
        byte[] info = [.. Encoding.ASCII.GetBytes("ostiary/1/csrf")];
        byte[] block = [.. info, 1];
        var first = HMACSHA256.HashData(pseudorandom, block);
        block = [.. first, .. info, 2];
        var second = HMACSHA256.HashData(pseudorandom, block);

        Assert.Equal(first, master.Derive("csrf"));
        Assert.Equal([.. first, .. second[..8]], master.Derive("csrf", 40));
        Assert.NotEqual(first, master.Derive("refresh-token"));
    }

    [Fact]
    public void Is_the_same_key_when_it_is_opened_again()
    {
        var sealedBytes = MasterKey.Open(_directory).Seal("secret", "kept"u8);

        Assert.Equal("kept"u8.ToArray(), MasterKey.Open(_directory).Open("secret", sealedBytes));
        Assert.Null(MasterKey.Open(_directory).Open("other", sealedBytes));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherExecute)]
    public void Refuses_a_file_that_others_can_open(UnixFileMode others)
    {
        MasterKey.Open(_directory);
        File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | others);

        var refused = Assert.Throws<StoreException>(() => MasterKey.Open(_directory));

        Assert.Equal(Reason.KeyFileExposed, refused.Reason);
        Assert.Contains($"chmod 600 {KeyFile}", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    public void Refuses_a_file_of_another_length(int length)
    {
        MasterKey.Open(_directory);
        File.WriteAllBytes(KeyFile, Entropy.Bytes(length));

        Assert.Equal(Reason.KeyUnreadable, Assert.Throws<StoreException>(() => MasterKey.Open(_directory)).Reason);
    }
}
