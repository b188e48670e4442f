using Microsoft.AspNetCore.Http;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Sessions;

namespace Ostiary.Server.Interaction;

/// <summary>What a page must ask a person. The pages know nothing of OAuth: they see this and give back an answer.</summary>
public sealed record InteractionPrompt
{
    /// <summary>The handle of the interaction, the <c>flow</c> parameter of the pages.</summary>
    public required string Handle { get; init; }

    /// <summary>The reference for people: <c>flow_…</c>.</summary>
    public required string Reference { get; init; }
    public required AppCard App { get; init; }
    public string? LoginHint { get; init; }

    /// <summary>Whether a live session may be continued with one click (<c>prompt=select_account</c>), or a fresh sign-in is demanded.</summary>
    public bool MayContinueSession { get; init; }

    /// <summary>For the consent page.</summary>
    public IReadOnlyList<ScopeLine> Scopes { get; init; } = [];

    /// <summary>The form-action source of the page's policy: the origin of the validated redirect URI, or a private-use scheme.</summary>
    public required string FormTarget { get; init; }
    public IReadOnlyList<string> UiLocales { get; init; } = [];
}

/// <summary>Who asks.</summary>
/// <param name="ReturnsTo">Host of the redirect URI, or its private-use scheme.</param>
/// <param name="Verified">Registered by the operator (true), or by itself.</param>
public sealed record AppCard(
    string ClientId,
    string Name,
    string ReturnsTo,
    bool Verified,
    string? Uri,
    string? LogoUri,
    string? PolicyUri,
    string? TosUri
)
{
    /// <summary>The host that vouches for the app by its document; null: it is registered here.</summary>
    public string? KnownBy { get; init; }

    /// <summary>The answer goes to a program on the person's own machine, which any program there could pretend to be.</summary>
    public bool IsLocal { get; init; }
}

/// <summary>One line of the consent page: a sentence for people, the raw name beside it, and whether it can be left out.</summary>
/// <param name="Sentence">From the API's configuration, or the pages' catalogue where <paramref name="CatalogueKey"/> is set.</param>
public sealed record ScopeLine(string Name, string? Sentence, string? CatalogueKey, bool Required);

/// <summary>The protocol's side of the conversation with the pages.</summary>
public interface IInteractions
{
    /// <summary>The prompt of a waiting interaction of this browser, or why there is none.</summary>
    /// <param name="browser">Hash of the browser cookie.</param>
    ValueTask<(InteractionPrompt? Prompt, Reason? Refused)> OpenAsync(string handle, string browser, CancellationToken ct);

    /// <summary>The address to send the browser to after a sign-in (303): the protocol goes on there.</summary>
    string ContinueAt(string handle, bool accountChosen);

    /// <summary>Ends the interaction with the person's answer and writes the response to the client.</summary>
    /// <param name="optionalScopes">The optional scopes that were left checked.</param>
    Task AnswerAsync(HttpContext http, string handle, Session session, bool allow, IReadOnlyList<string> optionalScopes);
}
