using System.Net;
using Ostiary.Server.Outbound;

namespace Ostiary.Server.Tests.Outbound;

public sealed class PublicAddressTests
{
    [Theory, Trait("Spec", "RFC 6890 §2.2")]
    [InlineData("0.0.0.0")] // K05
    [InlineData("0.1.2.3")]
    [InlineData("10.0.0.1")]
    [InlineData("10.255.255.255")]
    [InlineData("100.64.0.1")]
    [InlineData("100.127.255.255")]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.255.254")]
    [InlineData("169.254.169.254")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.0.0.8")]
    [InlineData("192.0.2.1")]
    [InlineData("192.88.99.1")]
    [InlineData("192.168.255.255")]
    [InlineData("198.18.0.1")]
    [InlineData("198.19.255.255")]
    [InlineData("198.51.100.7")]
    [InlineData("203.0.113.7")]
    [InlineData("224.0.0.1")]
    [InlineData("239.255.255.255")]
    [InlineData("240.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("fc00::1")]
    [InlineData("fdff::1")]
    [InlineData("fe80::1")]
    [InlineData("fe80::1%1")]
    [InlineData("fec0::1")]
    [InlineData("ff02::1")]
    [InlineData("2001:db8::1")]
    [InlineData("3fff::1")]
    [InlineData("100::1")]
    [InlineData("5f00::1")]
    [InlineData("::ffff:127.0.0.1")] // K06
    [InlineData("::ffff:8.8.8.8")]
    [InlineData("::127.0.0.1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("2002:0808:0808::1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("64:ff9b:1::1")]
    [InlineData("2001:0:7f00:1::1")]
    [InlineData("2001:10::1")]
    public void K05_K06_an_address_of_somebodys_own_network_is_not_public(string text) => Assert.False(PublicAddress.IsPublic(IPAddress.Parse(text)));

    [Theory, Trait("Spec", "RFC 6890 §2.2")]
    [InlineData("1.1.1.1")]
    [InlineData("9.255.255.255")]
    [InlineData("11.0.0.0")]
    [InlineData("100.63.255.255")]
    [InlineData("100.128.0.0")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.0")]
    [InlineData("192.167.255.255")]
    [InlineData("223.255.255.255")]
    [InlineData("2606:4700:4700::1111")]
    [InlineData("2001:4860:4860::8888")]
    [InlineData("2a00:1450:4001::1")]
    public void Its_neighbours_in_the_internet_are(string text) => Assert.True(PublicAddress.IsPublic(IPAddress.Parse(text)));

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("10.0.0.1", false)]
    [InlineData("0.0.0.0", false)]
    public void Loopback_is_what_it_says_and_nothing_dressed_up_as_it(string text, bool expected) =>
        Assert.Equal(expected, PublicAddress.IsLoopback(IPAddress.Parse(text)));

    [Theory]
    [InlineData("https://rp.example/keys.json")]
    [InlineData("https://rp.example")]
    [InlineData("https://rp.example/")]
    [InlineData("https://rp.example:8443/keys?x=1")]
    [InlineData("https://rp.example/%E2%82%AC")]
    public void A_plain_https_address_may_be_fetched(string url) => Assert.True(FetchUrl.TryParse(url, anyPort: false, out _));

    [Theory]
    [InlineData("http://rp.example/")] // K11
    [InlineData("HTTPS://rp.example/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("gopher://rp.example/")]
    [InlineData("ftp://rp.example/")]
    [InlineData("unix:/run/x.sock")]
    [InlineData("https://rp.example:22/")]
    [InlineData("https://rp.example:6379/")]
    [InlineData("https://rp.example:443/")]
    [InlineData("https://u@rp.example/c")] // K12
    [InlineData("https://u:p@rp.example/c")]
    [InlineData("https://rp.example/c#f")]
    [InlineData("https://rp.example\\@evil.test/")]
    [InlineData("https:\\\\rp.example/")]
    [InlineData("https://rp.example/./c")]
    [InlineData("https://rp.example/a/../c")]
    [InlineData("https://RP.example/")]
    [InlineData("https://rp.example./")]
    [InlineData("https://rp.example/a b")]
    [InlineData("https:// rp.example/")]
    [InlineData("https://rp.exämple/")]
    [InlineData("https://")]
    [InlineData("https:///x")]
    [InlineData("https://2130706433/")] // K06
    [InlineData("https://0x7f000001/")]
    [InlineData("https://017700000001/")]
    [InlineData("https://127.1/")]
    [InlineData("https://0177.0.0.1/")]
    [InlineData("//rp.example/")] // K10
    [InlineData("")]
    public void K06_K10_K11_K12_another_spelling_may_not(string url) => Assert.False(FetchUrl.TryParse(url, anyPort: false, out _));

    [Fact]
    public void K25_what_looks_like_a_variable_is_a_text() =>
        Assert.False(FetchUrl.TryParse("https://rp.example/${env.HOME}", anyPort: false, out _));
}
