namespace Ostiary.Server.Stores;

/// <summary>
/// Stands in a store that was restored. What was revoked after the backup was made is unknown, so everything that could have been revoked then is taken as revoked:
/// grants, sessions, remembered consents, access tokens and signing keys from before <see cref="Since"/>.
/// </summary>
/// <param name="Since">The restore.</param>
/// <param name="BackupMade">From then on nothing is known until <paramref name="Since"/>.</param>
public sealed record Fence(DateTimeOffset Since, DateTimeOffset BackupMade);
