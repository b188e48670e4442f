using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;

namespace Ostiary.Server.Pages;

/// <summary>What a posted form is about.</summary>
internal sealed record FormRequest(string Page);

/// <summary>What was found out about a posted form.</summary>
internal sealed record FormFacts
{
    public bool IsOurs { get; init; }
    public bool IsSignedIn { get; init; }

    /// <summary>Whether the protocol lets this sign-in go on with the session that there is.</summary>
    public bool MayContinue { get; init; }

    /// <summary>Whether exactly one known answer was given.</summary>
    public bool AnswerIsClear { get; init; }

    /// <summary>Whether what the form names is there, and the person's own.</summary>
    public bool ItemIsTheirs { get; init; }
}

/// <summary>What must hold for the forms of the pages. What a consent then means is decided where the protocol is.</summary>
// csharpier-ignore
internal static class PageRules
{
    public static readonly RuleList<FormRequest, FormFacts> Continue = new("login.continue")
    {
        { "the form comes from a page of this server, in this browser", Reason.FormForged, "RFC 6819 §4.4.1.8", (r, f, now) => f.IsOurs },
        { "somebody is signed in", Reason.NotSignedIn, "", (r, f, now) => f.IsSignedIn },
        { "the request does not demand a fresh sign-in", Reason.LoginRequired, "OIDC Core §3.1.2.3", (r, f, now) => f.MayContinue },
    };

    public static readonly RuleList<FormRequest, FormFacts> Consent = new("consent.form")
    {
        { "somebody is signed in", Reason.NotSignedIn, "", (r, f, now) => f.IsSignedIn },
        { "the form comes from a page of this server, in this browser and session", Reason.FormForged, "RFC 6819 §4.4.1.8", (r, f, now) => f.IsOurs },
        { "it says allow or deny, once", Reason.RequestMalformed, "", (r, f, now) => f.AnswerIsClear },
    };

    public static readonly RuleList<FormRequest, FormFacts> DeviceCode = new("device.code.form")
    {
        { "somebody is signed in", Reason.NotSignedIn, "", (r, f, now) => f.IsSignedIn },
        { "the form comes from a page of this server, in this browser and session", Reason.FormForged, "RFC 6819 §4.4.1.8", (r, f, now) => f.IsOurs },
    };

    public static readonly RuleList<FormRequest, FormFacts> Device = new("device.form")
    {
        { "somebody is signed in", Reason.NotSignedIn, "", (r, f, now) => f.IsSignedIn },
        {
            "the form comes from the page that shows this code, in this browser and session",
            Reason.FormForged,
            "RFC 8628 §5.4",
            (r, f, now) => f.IsOurs
        },
        { "it says allow or deny, once", Reason.RequestMalformed, "", (r, f, now) => f.AnswerIsClear },
    };

    public static readonly RuleList<FormRequest, FormFacts> EndSession = new("account.sign-out")
    {
        { "somebody is signed in", Reason.NotSignedIn, "", (r, f, now) => f.IsSignedIn },
        { "the form comes from a page of this server, in this browser and session", Reason.FormForged, "RFC 6819 §4.4.1.8", (r, f, now) => f.IsOurs },
        { "the session is theirs", Reason.SessionNotFound, "", (r, f, now) => f.ItemIsTheirs },
    };

    public static readonly RuleList<FormRequest, FormFacts> EndAllSessions = new("account.sign-out-everywhere")
    {
        { "somebody is signed in", Reason.NotSignedIn, "", (r, f, now) => f.IsSignedIn },
        { "the form comes from a page of this server, in this browser and session", Reason.FormForged, "RFC 6819 §4.4.1.8", (r, f, now) => f.IsOurs },
    };

    public static readonly RuleList<FormRequest, FormFacts> Revoke = new("account.revoke")
    {
        { "somebody is signed in", Reason.NotSignedIn, "", (r, f, now) => f.IsSignedIn },
        { "the form comes from a page of this server, in this browser and session", Reason.FormForged, "RFC 6819 §4.4.1.8", (r, f, now) => f.IsOurs },
        { "the app is named", Reason.GrantNotFound, "", (r, f, now) => f.ItemIsTheirs },
    };

    public static readonly RuleList<FormRequest, FormFacts> Logout = new("logout.form")
    {
        { "the form comes from a page of this server, in this browser and session", Reason.FormForged, "RFC 6819 §4.4.1.8", (r, f, now) => f.IsOurs },
        { "it confirms", Reason.LogoutNotConfirmed, "RP-Initiated Logout §2", (r, f, now) => f.AnswerIsClear },
    };
}
