using System.Reflection;

namespace Ostiary.Server.Tests.Conformance;

/// <summary>The list of modules in the documentation and the tests that carry their names are the same list.</summary>
public sealed class ModuleListTests
{
    private sealed record Row(string Plan, string Module, string Test);

    [Fact]
    public void Every_listed_module_has_its_test_and_every_test_its_row()
    {
        var listed = ReadList().ToList();
        Assert.Equal(listed.Count, listed.Distinct().Count());
        Assert.Equal(listed.Order(ByModule), FindTests().Order(ByModule));
    }

    [Fact]
    public void A_test_has_the_name_of_its_module() =>
        Assert.All(FindTests(), row => Assert.Equal(row.Module.Replace('-', '_'), row.Test[(row.Test.IndexOf('.', StringComparison.Ordinal) + 1)..]));

    [Theory]
    [InlineData("oidcc-basic-certification-test-plan", 38)]
    [InlineData("oidcc-formpost-basic-certification-test-plan", 38)]
    [InlineData("oidcc-config-certification-test-plan", 1)]
    [InlineData("oidcc-dynamic-certification-test-plan", 23)]
    [InlineData("oidcc-rp-initiated-logout-certification-test-plan", 11)]
    [InlineData("fapi2-security-profile-final-test-plan", 57 + 38)] // by DPoP, and by mutual TLS
    [InlineData("oidcc-backchannel-rp-initiated-logout-certification-test-plan", 2)]
    [InlineData("oidcc-frontchannel-rp-initiated-logout-certification-test-plan", 2)]
    [InlineData("oidcc-session-management-certification-test-plan", 2)]
    public void A_plan_has_all_its_modules(string plan, int modules) => Assert.Equal(modules, ReadList().Count(row => row.Plan == plan));

    private static Comparer<Row> ByModule => Comparer<Row>.Create((a, b) => string.CompareOrdinal(a.ToString(), b.ToString()));

    private static IEnumerable<Row> FindTests() =>
        from type in typeof(ModuleListTests).Assembly.GetTypes()
        where !type.IsAbstract
        from plan in TraitsOf(type, "Plan")
        from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance)
        from module in TraitsOf(method, "Module")
        select new Row(plan, module, $"{type.Name}.{method.Name}");

    private static IEnumerable<string> TraitsOf(MemberInfo member, string name) =>
        member.GetCustomAttributes<TraitAttribute>().Where(t => t.Name == name).Select(t => t.Value);

    /// <summary>Rows like <c>| `plan` | `module` | `Class.test` | how it is met |</c>.</summary>
    private static IEnumerable<Row> ReadList() =>
        from line in File.ReadLines(Path.Combine(Root(), "docs", "conformance.md"))
        where line.StartsWith("| `oidcc-", StringComparison.Ordinal) || line.StartsWith("| `fapi2-", StringComparison.Ordinal)
        let cells = line.Split('|', StringSplitOptions.TrimEntries)
        select new Row(cells[1].Trim('`'), cells[2].Trim('`'), cells[3].Trim('`'));

    private static string Root()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Ostiary.slnx")))
            directory = Path.GetDirectoryName(directory.TrimEnd(Path.DirectorySeparatorChar))!;
        return directory;
    }
}
