using System.Security.Claims;
using System.Text.Json;

namespace Ostiary.AspNetCore.Bff;

/// <summary>Who is signed in: the claims of the ID token and of the userinfo endpoint.</summary>
public sealed class SignedInUser
{
    internal SignedInUser(BffSession session)
    {
        using var document = JsonDocument.Parse(session.Claims);
        Claims = document.RootElement.Clone();
        Started = session.Started;
    }

    public string Subject => this["sub"] ?? "";

    /// <summary>The best name there is to show: <c>name</c>, <c>preferred_username</c>, or <c>sub</c>.</summary>
    public string Name => this["name"] ?? this["preferred_username"] ?? Subject;

    public JsonElement Claims { get; }
    public DateTimeOffset Started { get; }

    /// <summary>A claim if it is a string.</summary>
    public string? this[string claim] =>
        Claims.TryGetProperty(claim, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;

    internal static string SubjectOf(BffSession session) => new SignedInUser(session).Subject;

    internal ClaimsPrincipal ToPrincipal() =>
        new(new ClaimsIdentity([new Claim("sub", Subject), new Claim("name", Name)], "Ostiary.Bff", nameType: "name", roleType: "role"));
}
