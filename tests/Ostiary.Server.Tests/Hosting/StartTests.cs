using Ostiary.Protocol.Reasons;
using Ostiary.Server.Hosting;
using Ostiary.Server.Tests.Harness;

namespace Ostiary.Server.Tests.Hosting;

public sealed class StartTests
{
    [Fact]
    public async Task Refuses_an_address_that_somebody_else_listens_on()
    {
        await using var first = await TestServer.StartAsync();

        var refused = await Assert.ThrowsAsync<StartException>(() => TestServer.StartAsync(with: o => o with { Listen = [first.Issuer] }));

        Assert.Equal(Reason.AddressInUse, refused.Reason);
    }

    [Theory]
    [InlineData("http://0.0.0.0:0", "https://as.test", Reason.PlainHttpOffLoopback)]
    [InlineData("http://127.0.0.1:0", "https://as.test?x=1", Reason.IssuerInvalid)]
    [InlineData("http://127.0.0.1:0", "http://as.test", Reason.IssuerInvalid)]
    [InlineData("http://127.0.0.1:0", "https://as.test#x", Reason.IssuerInvalid)]
    [InlineData("http://127.0.0.1:0", "https://u@as.test", Reason.IssuerInvalid)]
    [Trait("Spec", "RFC 8414 §2"), Trait("Spec", "RFC 9700 §2.6")]
    public async Task Refuses_what_no_issuer_may_be(string listen, string issuer, Reason reason)
    {
        var refused = await Assert.ThrowsAsync<StartException>(() => TestServer.StartAsync(with: o => o with { Listen = [listen], Issuer = issuer }));

        Assert.Equal(reason, refused.Reason);
    }
}
