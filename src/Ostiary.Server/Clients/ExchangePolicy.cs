using System.Collections.Immutable;
using Ostiary.Protocol;

namespace Ostiary.Server.Clients;

/// <summary>What a client may exchange. RFC 8693 §5</summary>
/// <param name="From">The clients that the tokens were issued to.</param>
/// <param name="Audiences">The APIs that it may get tokens for.</param>
/// <param name="Scope">The scopes that it may get at most.</param>
/// <param name="Impersonate">Whether the new token does not say who acts.</param>
public sealed record ExchangePolicy(ImmutableArray<string> From, ImmutableArray<string> Audiences, ScopeSet Scope, bool Impersonate);
