using Ostiary.Protocol;

namespace Ostiary.Server.Consents;

/// <summary>What a person allowed a client, remembered until withdrawn.</summary>
public sealed record Consent(string Subject, string ClientId, ScopeSet Scope, DateTimeOffset GrantedAt);
