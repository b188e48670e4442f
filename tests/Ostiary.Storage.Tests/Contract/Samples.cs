using System.Text;
using Ostiary.Protocol;
using Ostiary.Server.Consents;
using Ostiary.Server.EndSession;
using Ostiary.Server.Grants;
using Ostiary.Server.Sessions;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Tests.Contract;

internal static class Samples
{
    public static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static long last;

    /// <summary>Spread over the whole range, as random ids are.</summary>
    public static GrantId NewId() => Id(Interlocked.Increment(ref last));

    /// <summary>For a process that goes on with the store of another.</summary>
    public static void Continue(long from) => Interlocked.Exchange(ref last, from);

    public static GrantId Id(long number) => new((UInt128)number * new UInt128(0x9E3779B97F4A7C15, 0xF39CC0605CEDC835));

    public static string NewSessionId() => NewId().ToString();

    public static GrantRequest Request { get; } =
        new()
        {
            RedirectUri = "https://app.example/callback",
            Scope = ScopeSet.Of(["openid", "profile", "offline_access"]),
            Resources = ["https://api.example/", "https://other.example/"],
            State = "af0ifjsldkj",
            Nonce = "n-0S6_WzA2Mj \"quoted\" ünïcode 🗝",
            ResponseMode = "form_post",
            CodeChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            Prompt = ["login", "consent"],
            MaxAge = 3600,
            LoginHint = "ada@example.org",
            UiLocales = ["de-AT", "en"],
            Claims = """{"id_token":{"acr":{"essential":true}}}""",
            AcrValues = ["urn:a", "urn:b"],
            HintedSubject = "ada",
            Browser = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
            OnceKey = "urn:example:once",
            Sender = SenderKey.Dpop("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"),
            ForDevice = true,
            Network = "192.0.2.0/24",
            Flow = "f-7Q2MXK",
        };

    public static Approval Approval { get; } =
        new()
        {
            Subject = "ada",
            Scope = ScopeSet.Of(["openid", "profile"]),
            AuthenticatedAt = Start.AddSeconds(-5),
            SessionId = "session-of-ada",
            Acr = "urn:a",
            Amr = ["pwd", "otp"],
            Refreshable = true,
        };

    /// <summary>Waits for a person until ten minutes after the start.</summary>
    public static Grant Requested() =>
        new()
        {
            Id = NewId(),
            ClientId = "app",
            Status = GrantStatus.Requested,
            CreatedAt = Start,
            ExpiresAt = Start.AddMinutes(10),
            Request = Request,
        };

    /// <summary>Its code is good until a minute after the start.</summary>
    public static Grant Approved() => Requested() with { Status = GrantStatus.Approved, Approval = Approval, ExpiresAt = Start.AddMinutes(1) };

    /// <summary>Good until a day after the start, at generation 1.</summary>
    public static Grant Active() => Approved() with { Status = GrantStatus.Active, Generation = 1, RotatedAt = Start, ExpiresAt = Start.AddDays(1) };

    public static Session Session(string subject = "ada") =>
        new()
        {
            Id = NewSessionId(),
            SecretHash = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
            Subject = subject,
            CreatedAt = Start,
            AuthenticatedAt = Start.AddSeconds(-1),
            ExpiresAt = Start.AddHours(8),
            SeenAt = Start,
            Amr = ["pwd"],
            Acr = "urn:a",
            Device = "Firefox on Linux",
            Network = "192.0.2.0/24",
        };

    public static Consent Consent(string subject = "ada", string clientId = "app") =>
        new(subject, clientId, ScopeSet.Of(["openid", "profile"]), Start);

    public static LogoutNotice Notice(string client = "app", string session = "session-of-ada") =>
        new()
        {
            SessionId = session,
            ClientId = client,
            Subject = "ada",
            CreatedAt = Start,
            DueAt = Start,
            KeptUntil = Start.AddDays(2),
        };

    /// <summary>Every member as text, so that two grants can be compared whole.</summary>
    public static string Text(Grant? grant)
    {
        if (grant is null)
            return "none";
        var request = Encoding.UTF8.GetString(GrantJson.Bytes(json => GrantJson.Write(json, grant.Request)));
        var approval = grant.Approval is { } value ? Encoding.UTF8.GetString(GrantJson.Bytes(json => GrantJson.Write(json, value))) : "none";
        return $"{grant.Id} {grant.ClientId} {grant.Status} {grant.CreatedAt:O} {grant.ExpiresAt:O} {grant.Generation} {grant.RotatedAt:O} "
            + $"{grant.UsedAt:O} {grant.End} {grant.EndedAt:O} {request} {approval}";
    }

    public static string Text(Session? session) => session is null ? "none" : $"{session with { Amr = [] }} {string.Join(',', session.Amr)}";
}
