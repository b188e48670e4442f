using System.Runtime.Versioning;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Tests;

[SupportedOSPlatform("linux")]
public sealed class DataDirectoryTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("ostiary-data-").FullName;

    private string Data => Path.Combine(root, "a", "data");

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Makes_a_directory_that_only_its_owner_may_enter()
    {
        using var directory = DataDirectory.Open(Data);
        Assert.Equal(Data, directory.Path);
        Assert.Equal(Path.Combine(Data, "ostiary.db"), directory.File("ostiary.db"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Data));
        Assert.Equal("1\n", File.ReadAllText(Path.Combine(Data, "format")));
        foreach (var file in new[] { "lock", "format" })
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Data, file)));
    }

    [Fact]
    public void Keeps_a_second_opener_out_until_the_first_has_gone()
    {
        using (DataDirectory.Open(Data))
        {
            var fault = Assert.Throws<StoreException>(() => DataDirectory.Open(Data));
            Assert.Equal(Reason.StorageInUse, fault.Reason);
            Assert.Contains(Data, fault.Message, StringComparison.Ordinal);
        }
        DataDirectory.Open(Data).Dispose();
    }

    [Fact]
    public void Refuses_a_newer_format_and_leaves_it_alone()
    {
        DataDirectory.Open(Data).Dispose();
        File.WriteAllText(Path.Combine(Data, "format"), "2\n");
        Assert.Equal(Reason.StorageNewer, Assert.Throws<StoreException>(() => DataDirectory.Open(Data)).Reason);
        Assert.Equal("2\n", File.ReadAllText(Path.Combine(Data, "format")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("one")]
    [InlineData("-1")]
    public void Refuses_a_format_that_is_no_number(string text)
    {
        DataDirectory.Open(Data).Dispose();
        File.WriteAllText(Path.Combine(Data, "format"), text);
        Assert.Equal(Reason.StorageDamaged, Assert.Throws<StoreException>(() => DataDirectory.Open(Data)).Reason);
    }

    [Fact]
    public void Refuses_a_directory_of_something_else()
    {
        Directory.CreateDirectory(Data);
        File.WriteAllText(Path.Combine(Data, "thesis.txt"), "years of work");
        Assert.Equal(Reason.DataDirectoryUnusable, Assert.Throws<StoreException>(() => DataDirectory.Open(Data)).Reason);
    }

    [Theory]
    [InlineData("keys")]
    [InlineData("issuers")]
    public void Begins_around_what_a_further_node_or_a_restored_issuer_begins_with(string present)
    {
        Directory.CreateDirectory(Path.Combine(Data, present));
        DataDirectory.Open(Data).Dispose();
        Assert.Equal("1\n", File.ReadAllText(Path.Combine(Data, "format")));
    }

    [Fact]
    public void Refuses_a_file_in_its_place()
    {
        var file = Path.Combine(root, "file");
        File.WriteAllText(file, "");
        Assert.Equal(Reason.DataDirectoryUnusable, Assert.Throws<StoreException>(() => DataDirectory.Open(file)).Reason);
        Assert.Equal(Reason.DataDirectoryUnusable, Assert.Throws<StoreException>(() => DataDirectory.Open(Path.Combine(file, "below"))).Reason);
    }

    [Fact]
    public void Begins_again_after_a_first_start_that_was_cut_short()
    {
        Directory.CreateDirectory(Data);
        File.WriteAllText(Path.Combine(Data, "lock"), "");
        File.WriteAllText(Path.Combine(Data, "format.tmp"), "");
        DataDirectory.Open(Data).Dispose();
        Assert.Equal("1\n", File.ReadAllText(Path.Combine(Data, "format")));
    }
}
