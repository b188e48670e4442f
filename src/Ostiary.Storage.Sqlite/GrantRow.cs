using Ostiary.Server.Grants;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Sqlite;

/// <summary>What statements ask for has a column; the rest of the request and of the approval is JSON beside them.</summary>
internal static class GrantRow
{
    public const string Select = """
        SELECT id, status, generation, created, expires, rotated, used, ended, reason, client, subject, session, offline, authenticated, request, approval
        FROM grants
        """;

    /// <summary>Changes nothing where the id is taken.</summary>
    public static Statement Insert(Connection connection, Grant grant) =>
        connection
            .Prepare(
                """
                INSERT INTO grants
                  (id, status, generation, created, expires, rotated, used, ended, reason, client, subject, session, offline, authenticated, request, approval)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) ON CONFLICT DO NOTHING
                """
            )
            .BindId(1, grant.Id)
            .Bind(2, (long)grant.Status)
            .Bind(3, grant.Generation)
            .Bind(4, StoreTime.ToUnix(grant.CreatedAt))
            .Bind(5, StoreTime.ToUnix(grant.ExpiresAt))
            .Bind(6, StoreTime.ToUnix(grant.RotatedAt))
            .Bind(7, StoreTime.ToUnix(grant.UsedAt))
            .Bind(8, StoreTime.ToUnix(grant.EndedAt))
            .Bind(9, (long)grant.End)
            .Bind(10, grant.ClientId)
            .Bind(11, grant.Approval?.Subject)
            .Bind(12, grant.Approval?.SessionId)
            .Bind(13, grant.Approval is { Offline: true } ? 1 : 0)
            .Bind(14, StoreTime.ToUnix(grant.Approval?.AuthenticatedAt))
            .BindJson(15, Bytes(grant.Request))
            .BindJson(16, grant.Approval is { } approval ? Bytes(approval) : null);

    public static byte[] Bytes(GrantRequest request) => GrantJson.Bytes(json => GrantJson.Write(json, request));

    public static byte[] Bytes(Approval approval) => GrantJson.Bytes(json => GrantJson.WriteBesideColumns(json, approval));

    public static Grant Read(Statement row) =>
        new()
        {
            Id = GrantId.Read(row.Bytes(0)),
            Status = (GrantStatus)row.Int32(1),
            Generation = row.Int32(2),
            CreatedAt = row.Time(3),
            ExpiresAt = row.Time(4),
            RotatedAt = row.TimeOrNull(5),
            UsedAt = row.TimeOrNull(6),
            EndedAt = row.TimeOrNull(7),
            End = (GrantEnd)row.Int32(8),
            ClientId = row.Text(9),
            Request = row.Json(14, GrantJson.ReadRequest),
            Approval = row.IsNull(15) ? null : ReadApproval(row),
        };

    private static Approval ReadApproval(Statement row)
    {
        var approval = row.Json(15, GrantJson.ReadApprovalBesideColumns);
        return approval with
        {
            Subject = row.Text(10),
            SessionId = row.TextOrNull(11),
            Offline = row.Int32(12) != 0,
            AuthenticatedAt = row.TimeOrNull(13) ?? approval.AuthenticatedAt,
        };
    }
}
