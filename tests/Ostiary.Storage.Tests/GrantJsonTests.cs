using System.Text;
using System.Text.Json;
using Ostiary.Protocol;
using Ostiary.Server.Grants;
using Ostiary.Server.Stores;
using Ostiary.Storage.Tests.Contract;

namespace Ostiary.Storage.Tests;

public sealed class GrantJsonTests
{
    [Fact]
    public void A_full_request_comes_back_as_it_was() =>
        Assert.Equal(Written(Samples.Request), Written(GrantJson.ReadRequest(Utf8(Samples.Request))));

    [Fact]
    public void A_bare_request_is_small_and_comes_back_as_it_was()
    {
        var bare = new GrantRequest { Scope = ScopeSet.None, Flow = "f" };
        Assert.Equal("""{"flow":"f"}""", Written(bare));
        var back = GrantJson.ReadRequest(Utf8(bare));
        Assert.Equal(("query", (string?)null, 0), (back.ResponseMode, back.State, back.Prompt.Count));
    }

    [Fact]
    public void Every_member_of_a_request_is_read()
    {
        // Samples.Request differs from the default in every member, so none may come back as its default.
        var back = GrantJson.ReadRequest(Utf8(Samples.Request));
        foreach (var member in typeof(GrantRequest).GetProperties())
            Assert.NotNull(member.GetValue(back));
        Assert.Equal(Written(Samples.Request), Written(back));
    }

    [Fact]
    public void Every_member_of_a_request_is_written()
    {
        using var json = JsonDocument.Parse(Utf8(Samples.Request));
        Assert.Equal(typeof(GrantRequest).GetProperties().Length, json.RootElement.EnumerateObject().Count());
    }

    [Fact]
    public void A_redeemed_request_keeps_the_proofs_of_a_replay_and_what_tokens_are_made_of()
    {
        using var json = JsonDocument.Parse(Utf8(Samples.Request.Redeemed()));
        var kept = json.RootElement.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal);
        Assert.Equal(["claims", "code_challenge", "device", "dpop_jkt", "flow", "redirect_uri", "resources"], kept);
    }

    [Fact]
    public void Every_member_of_an_approval_is_written()
    {
        using var json = JsonDocument.Parse(GrantJson.Bytes(writer => GrantJson.Write(writer, Samples.Approval with { Offline = true })));
        Assert.Equal(typeof(Approval).GetProperties().Length, json.RootElement.EnumerateObject().Count());
    }

    [Fact]
    public void An_approval_comes_back_as_it_was()
    {
        foreach (var approval in new[] { Samples.Approval, Samples.Approval with { Offline = true, SessionId = null, Amr = [] } })
        {
            var bytes = GrantJson.Bytes(writer => GrantJson.Write(writer, approval));
            Assert.Equal(bytes, GrantJson.Bytes(writer => GrantJson.Write(writer, GrantJson.ReadApproval(bytes))));
        }
    }

    [Fact]
    public void Skips_members_of_a_newer_version()
    {
        var request = GrantJson.ReadRequest("""{"new":{"a":[1,{"b":null}]},"scope":"a b","also":[[]],"flow":"f"}"""u8);
        Assert.Equal(("a b", "f"), (request.Scope.ToString(), request.Flow));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"scope":""")]
    [InlineData("""{"scope":1}""")]
    [InlineData("""{"scope":"a","prompt":"x"}""")]
    [InlineData("""{"scope":"a","prompt":[1]}""")]
    [InlineData("""{"max_age":"1"}""")]
    public void Refuses_what_it_did_not_write(string json)
    {
        var fault = Record.Exception(() => GrantJson.ReadRequest(Encoding.UTF8.GetBytes(json)));
        Assert.True(fault is JsonException or InvalidOperationException or FormatException, fault?.ToString() ?? "accepted");
    }

    private static byte[] Utf8(GrantRequest request) => GrantJson.Bytes(writer => GrantJson.Write(writer, request));

    private static string Written(GrantRequest request) => Encoding.UTF8.GetString(Utf8(request));
}
