using System.Collections.Frozen;
using Ostiary.Protocol.Dpop;
using Ostiary.Protocol.Reasons;
using Ostiary.Protocol.Rules;
using Ostiary.Server.Authorize;
using Ostiary.Server.Clients;
using Ostiary.Server.DeviceAuthorization;
using Ostiary.Server.EndSession;
using Ostiary.Server.Http;
using Ostiary.Server.Introspection;
using Ostiary.Server.Pages;
using Ostiary.Server.Registration;
using Ostiary.Server.Revocation;
using Ostiary.Server.Token;
using Ostiary.Server.UserInfo;
using Ostiary.Server.Users;

namespace Ostiary.Server.Decisions;

/// <summary>All rule lists of this server by name, so that a record (a name and a number) can be read back as the checks that passed and the one that refused.</summary>
public static class RuleBook
{
    public static FrozenDictionary<string, IReadOnlyList<RuleLine>> Lists { get; } =
        new IRuleReference[]
        {
            AuthorizeRules.Page,
            AuthorizeRules.Request,
            PushEndpoint.Reference,
            PushRate.Rules,
            InteractionNeeds.Silent,
            WaitingRequests.Rules,
            Approvals.Waiting,
            LoginRules.All,
            PageRules.Continue,
            PageRules.Consent,
            PageRules.DeviceCode,
            PageRules.Device,
            DeviceApprovals.Rules,
            PageRules.EndSession,
            PageRules.EndAllSessions,
            PageRules.Revoke,
            PageRules.Logout,
            TokenEndpoint.Reference,
            ClientAuthenticationRules.All,
            DpopRules.All,
            AuthorizationCodeGrant.Rules,
            RefreshTokenGrant.Rules,
            ClientCredentialsGrant.Rules,
            DeviceCodeGrant.Rules,
            TokenExchangeGrant.Rules,
            ClientRequestReader.Reference,
            IntrospectionEndpoint.Rules,
            RevocationEndpoint.Rules,
            RegistrationRules.Create,
            RegistrationRules.Manage,
            RegistrationRules.Update,
            UserInfoEndpoint.Rules,
            EndSessionEndpoint.Rules,
        }.ToFrozenDictionary(list => list.Name, list => list.Lines, StringComparer.Ordinal);

    /// <summary>The rules that a decision asked: all that passed, and the one that refused. Empty where the act has no rule list.</summary>
    public static IReadOnlyList<(RuleLine Rule, bool Passed)> Asked(DecisionRecord record)
    {
        if (!Lists.TryGetValue(record.Act, out var lines))
            return [];
        var asked = lines.Take(record.Passed).Select(line => (line, true)).ToList();
        if (record.Refused is { } reason)
            asked.Add((record.Passed < lines.Count ? lines[record.Passed] : LostRace(reason), false));
        return asked;
    }

    /// <summary>All rules held, and then the one conditional write said that somebody else was first.</summary>
    private static RuleLine LostRace(Reason reason) => new("nobody else was first", reason, Refusal.For(reason).Spec);
}
