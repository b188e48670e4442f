using System.Reflection;
using System.Xml.Linq;

namespace Ostiary.Server.Tests.House;

/// <summary>Cli → Gateway, Monitor, Audit, Storage → Server → Protocol, and Gateway → AspNetCore → Protocol: nobody looks upwards.</summary>
public sealed class ReferenceDirectionTests
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Ostiary.Protocol"] = [],
        ["Ostiary.Server"] = ["Ostiary.Protocol"],
        ["Ostiary.Storage.Sqlite"] = ["Ostiary.Server", "Ostiary.Protocol"],
        ["Ostiary.Storage.Postgres"] = ["Ostiary.Server", "Ostiary.Protocol"],
        ["Ostiary.AspNetCore"] = ["Ostiary.Protocol"],
        ["Ostiary.Gateway"] = ["Ostiary.AspNetCore", "Ostiary.Protocol"],
        ["Ostiary.Monitor"] = ["Ostiary.Server", "Ostiary.Protocol"],
        ["Ostiary.Audit"] = ["Ostiary.Protocol"],
        ["Ostiary.Samples.Api"] = ["Ostiary.AspNetCore", "Ostiary.Protocol"],
        ["Ostiary.Samples.Web"] = ["Ostiary.AspNetCore", "Ostiary.Protocol"],
        ["Ostiary.Cli"] =
        [
            "Ostiary.Server",
            "Ostiary.Protocol",
            "Ostiary.Storage.Sqlite",
            "Ostiary.Storage.Postgres",
            "Ostiary.AspNetCore",
            "Ostiary.Gateway",
            "Ostiary.Monitor",
            "Ostiary.Audit",
            "Ostiary.Samples.Api",
            "Ostiary.Samples.Web",
        ],
    };

    [Fact]
    public void Projects_refer_downwards_only()
    {
        foreach (var (path, text) in SourceTree.Read("src", "*.csproj").Concat(SourceTree.Read("samples", "*.csproj")))
        {
            var project = Path.GetFileNameWithoutExtension(path);
            Assert.True(Allowed.TryGetValue(project, out var allowed), $"{project} has no place in the house yet: give it one here.");
            var references = XDocument
                .Parse(text)
                .Descendants("ProjectReference")
                .Select(e => Path.GetFileNameWithoutExtension(e.Attribute("Include")!.Value.Replace('\\', '/')));
            Assert.All(references, reference => Assert.True(allowed!.Contains(reference), $"{project} refers to {reference}."));
        }
    }

    [Fact]
    public void Assemblies_refer_downwards_only()
    {
        foreach (var assembly in new[] { typeof(Ostiary.Protocol.Pkce).Assembly, typeof(Issuer).Assembly })
        {
            var name = assembly.GetName().Name!;
            var references = assembly.GetReferencedAssemblies().Select(r => r.Name!).Where(r => r.StartsWith("Ostiary.", StringComparison.Ordinal));
            Assert.All(references, reference => Assert.Contains(reference, Allowed[name]));
        }
        Assert.DoesNotContain(
            typeof(Ostiary.Protocol.Pkce).Assembly.GetReferencedAssemblies(),
            (AssemblyName r) => r.Name!.StartsWith("Microsoft.", StringComparison.Ordinal)
        );
    }
}
