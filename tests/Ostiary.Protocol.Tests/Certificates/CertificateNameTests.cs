using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Ostiary.Protocol.Certificates;
using Ostiary.Protocol.Jose;

namespace Ostiary.Protocol.Tests.Certificates;

public sealed class CertificateNameTests
{
    private static readonly DateTimeOffset From = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static X509Certificate2 Of(X500DistinguishedName subject, params X509Extension[] extensions)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        foreach (var extension in extensions)
            request.CertificateExtensions.Add(extension);
        return request.CreateSelfSigned(From, From.AddDays(1));
    }

    private static X500DistinguishedName Name(UniversalTagNumber kind, params (string Oid, string Value)[] parts)
    {
        var builder = new X500DistinguishedNameBuilder();
        foreach (var (oid, value) in parts.Reverse()) // It encodes the last one first.
            builder.Add(oid, value, kind);
        return builder.Build();
    }

    private static bool Names(string dn, X509Certificate2 certificate) =>
        new CertificateSubject(CertificateNameKind.SubjectDn, dn).Names(certificate);

    [Theory]
    [Trait("Spec", "RFC 4514 §2")]
    [Trait("Spec", "RFC 4514 §2.1")]
    [Trait("Spec", "RFC 4514 §2.4")]
    [Trait("Spec", "RFC 4514 §3")]
    [InlineData("CN=b\\, a\\+b,O=Bank AG,C=CH")]
    [InlineData("cn=b\\2C a\\2bb, o=Bank AG, c=CH")]
    [InlineData("2.5.4.3=b\\, a\\+b,2.5.4.10=Bank AG,2.5.4.6=CH")]
    [InlineData("CN=#0c06622c20612b62,O=Bank AG,C=CH")]
    public void A_subject_has_many_spellings_as_text_and_all_name_it(string dn)
    {
        (string, string)[] parts = [("2.5.4.6", "CH"), ("2.5.4.10", "Bank AG"), ("2.5.4.3", "b, a+b")];
        using var certificate = Of(Name(UniversalTagNumber.UTF8String, parts));

        Assert.True(Names(dn, certificate));
    }

    [Fact, Trait("Spec", "RFC 4514 §2.4")]
    public void The_kind_of_string_in_the_certificate_does_not_matter()
    {
        foreach (var kind in new[] { UniversalTagNumber.UTF8String, UniversalTagNumber.PrintableString, UniversalTagNumber.IA5String })
        {
            using var certificate = Of(Name(kind, ("2.5.4.10", "Bank AG"), ("2.5.4.3", "bank")));
            Assert.True(Names("CN=bank,O=Bank AG", certificate));
            Assert.False(Names("O=Bank AG,CN=bank", certificate)); // The order is part of it.
            Assert.False(Names("CN=bank", certificate));
            Assert.False(Names("CN=bank+O=Bank AG", certificate));
        }
        using var umlaut = Of(Name(UniversalTagNumber.UTF8String, ("2.5.4.3", "Zürich 🏦")));
        Assert.True(Names("CN=Zürich 🏦", umlaut));
        Assert.True(Names("CN=Z\\c3\\bcrich 🏦", umlaut));
    }

    [Theory]
    [Trait("Spec", "RFC 4514 §3")]
    [InlineData("")]
    [InlineData("bank")]
    [InlineData("CN=")]
    [InlineData("=x")]
    [InlineData("CN=a,")]
    [InlineData("CN=a+")]
    [InlineData("CN=a;O=b")]
    [InlineData("CN=\"a\"")]
    [InlineData("CN= a")]
    [InlineData("CN=a ")]
    [InlineData("CN=a\\")]
    [InlineData("CN=a\\z")]
    [InlineData("CN=\\ff")]
    [InlineData("CN=#0g")]
    [InlineData("CN=#0c")]
    [InlineData("XX=a")]
    [InlineData("CN=a\0")]
    public void What_is_no_name_is_none(string dn) => Assert.False(new CertificateSubject(CertificateNameKind.SubjectDn, dn).IsWellFormed);

    [Theory]
    [Trait("Spec", "RFC 8705 §2.1.2")]
    [InlineData(CertificateNameKind.SanIp, "1")]
    [InlineData(CertificateNameKind.SanIp, "010.0.0.1")]
    [InlineData(CertificateNameKind.SanIp, "0x7f.0.0.1")]
    [InlineData(CertificateNameKind.SanIp, "[::1]:80")]
    [InlineData(CertificateNameKind.SanIp, "fe80::1%eth0")]
    [InlineData(CertificateNameKind.SanIp, "bank.test")]
    [InlineData(CertificateNameKind.SanDns, "*.bank.test")]
    [InlineData(CertificateNameKind.SanDns, "a b")]
    [InlineData(CertificateNameKind.SanUri, "bank")]
    [InlineData(CertificateNameKind.SanEmail, "bank.test")]
    [InlineData(CertificateNameKind.SanEmail, "a @bank.test")]
    public void A_name_of_another_kind_is_none(CertificateNameKind kind, string value) =>
        Assert.False(new CertificateSubject(kind, value).IsWellFormed);

    [Fact, Trait("Spec", "RFC 5280 §4.2.1.6")]
    public void Names_that_cannot_be_read_or_stand_there_twice_name_nobody()
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("bank.test");
        var good = names.Build();
        var subject = new CertificateSubject(CertificateNameKind.SanDns, "bank.test");
        using var fine = Of(new("CN=x"), good);
        using var broken = Of(new("CN=x"), new X509Extension("2.5.29.17", [0x30, 0x7f, 0x01], false));
        using var cut = Of(new("CN=x"), new X509Extension("2.5.29.17", [.. good.RawData[..^1]], false));
        using var bare = Of(new("CN=bank.test"));

        Assert.True(subject.Names(fine));
        Assert.False(subject.Names(broken));
        Assert.False(subject.Names(cut));
        Assert.False(subject.Names(bare));
    }

    [Fact, Trait("Spec", "RFC 4514 §2.4")]
    public void A_text_that_looks_like_octets_of_another_kind_is_not_them()
    {
        const string integer = "#020101";
        using var text = Of(Name(UniversalTagNumber.UTF8String, ("2.5.4.3", integer)));

        Assert.False(Names("CN=" + integer, text));
        Assert.True(Names("CN=\\" + integer, text));
    }

    [Fact]
    public void A_key_on_a_curve_that_has_no_name_here_has_no_thumbprint()
    {
        using var named = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var numbers = named.ExportExplicitParameters(includePrivateParameters: false);
        numbers.Curve.G = numbers.Q; // Of P-256 all but the base point, which makes one its private key.
        using var spelled = ECDsa.Create(numbers);
        using var other = ECDsa.Create(ECCurve.NamedCurves.brainpoolP256r1);
        foreach (var key in new[] { spelled, other })
        {
            var request = new CertificateRequest(
                new("CN=x"),
                PublicKey.CreateFromSubjectPublicKeyInfo(key.ExportSubjectPublicKeyInfo(), out _),
                HashAlgorithmName.SHA256
            );
            using var certificate = request.Create(new("CN=x"), X509SignatureGenerator.CreateForECDsa(named), From, From.AddDays(1), [1]);
            Assert.Null(CertificateKey.ThumbprintOf(certificate));
        }
    }

    [Fact, Trait("Spec", "RFC 7638 §3.2"), Trait("Spec", "RFC 8410 §3")]
    public void The_key_of_a_certificate_has_the_thumbprint_of_its_JWK()
    {
        using var rsa = RSA.Create(2048);
        var numbers = rsa.ExportParameters(false);
        using var certificate = new CertificateRequest("CN=r", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(
            From,
            From.AddDays(1)
        );
        var jwk = $$"""{"kty":"RSA","n":"{{Base64UrlText.Encode(numbers.Modulus)}}","e":"{{Base64UrlText.Encode(numbers.Exponent)}}"}""";
        Assert.True(JsonWebKey.TryParse((ReadOnlyMemory<byte>)System.Text.Encoding.ASCII.GetBytes(jwk), out var key, out _));
        Assert.Equal(key.Thumbprint(), CertificateKey.ThumbprintOf(certificate));

        using var weak = RSA.Create(1024);
        using var small = new CertificateRequest("CN=w", weak, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(
            From,
            From.AddDays(1)
        );
        Assert.Null(CertificateKey.ThumbprintOf(small));
        const string point = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"; // RFC 8037 A.2
        var oid = new Oid("1.3.101.112");
        using var signer = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.True(Base64UrlText.TryDecode(point, out var octets));
        var edwards = new CertificateRequest(new("CN=e"), new PublicKey(oid, null, new AsnEncodedData(oid, octets)), HashAlgorithmName.SHA256);
        using var certified = edwards.Create(new("CN=e"), X509SignatureGenerator.CreateForECDsa(signer), From, From.AddDays(1), [1]);
        Assert.Equal("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", CertificateKey.ThumbprintOf(certified));
    }
}
