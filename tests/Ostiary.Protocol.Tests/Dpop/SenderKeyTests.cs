using System.Text;
using System.Text.Json;
using Ostiary.Protocol.Dpop;
using Ostiary.Protocol.Reasons;

namespace Ostiary.Protocol.Tests.Dpop;

public sealed class SenderKeyTests
{
    private const string Thumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    private static readonly SenderKey Certificate = new(SenderKeyKind.Certificate, Thumbprint);

    private sealed record Use(bool AsDpop, DpopProof? Proof, SenderKey? Certificate) : ITokenUse;

    private sealed record Facts(SenderKey? BoundTo, DpopExpectation Expected) : ITokenUseFacts;

    private static Reason? Judge(SenderKey? boundTo, bool asDpop = false, SenderKey? certificate = null) =>
        DpopTokenRules
            .All.Judge(new Use(asDpop, null, certificate), new Facts(boundTo, new("GET", "https://api.example/")), DateTimeOffset.UnixEpoch)
            .Refused;

    private static SenderKey? Read(string claims, bool holds = true)
    {
        using var document = JsonDocument.Parse(claims);
        Assert.Equal(holds, SenderKey.TryRead(document.RootElement, out var key));
        return key;
    }

    [Fact, Trait("Spec", "RFC 9449 §6")]
    public void A_key_is_written_as_it_is_read()
    {
        foreach (var key in new[] { SenderKey.Dpop(Thumbprint), Certificate })
        {
            var buffer = new System.Buffers.ArrayBufferWriter<byte>();
            using (var json = new Utf8JsonWriter(buffer))
            {
                json.WriteStartObject();
                key.WriteTo(json);
                json.WriteEndObject();
            }
            Assert.Equal(key, Read(Encoding.UTF8.GetString(buffer.WrittenSpan)));
        }
        Assert.Null(Read("{}"));
    }

    [Theory, Trait("Spec", "RFC 9449 §6")]
    [InlineData("""{"cnf":"text"}""")]
    [InlineData("""{"cnf":null}""")]
    [InlineData("""{"cnf":{}}""")]
    [InlineData("""{"cnf":{"kid":"a key nobody can hold here"}}""")]
    [InlineData("""{"cnf":{"jkt":"short"}}""")]
    [InlineData("""{"cnf":{"jkt":7}}""")]
    [InlineData("""{"cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I","x5t#S256":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}""")]
    public void A_binding_that_is_not_understood_is_not_no_binding(string claims) => Assert.Null(Read(claims, holds: false));

    [Fact, Trait("Spec", "RFC 9449 §7"), Trait("Spec", "RFC 9449 §7.1"), Trait("Spec", "RFC 9449 §7.2")]
    public void F02_and_F03_the_scheme_and_the_binding_belong_together()
    {
        Assert.Null(Judge(null));
        Assert.Equal(Reason.BoundTokenAsBearer, Judge(SenderKey.Dpop(Thumbprint)));
        Assert.Equal(Reason.UnboundTokenAsBound, Judge(null, asDpop: true));
        Assert.Equal(Reason.UnboundTokenAsBound, Judge(Certificate, asDpop: true, Certificate));
        Assert.Equal(Reason.ProofMissing, Judge(SenderKey.Dpop(Thumbprint), asDpop: true));
    }

    [Fact, Trait("Spec", "RFC 8705 §3")]
    public void F21_a_token_bound_to_a_certificate_is_taken_with_that_certificate_alone()
    {
        Assert.Null(Judge(Certificate, certificate: Certificate));
        Assert.Equal(Reason.TokenOfAnotherKey, Judge(Certificate));
        Assert.Equal(Reason.TokenOfAnotherKey, Judge(Certificate, certificate: Certificate with { Thumbprint = "A" + Thumbprint[1..] }));
    }
}
