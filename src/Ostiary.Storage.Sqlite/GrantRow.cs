using Ostiary.Server.Grants;
using Ostiary.Server.Stores;

namespace Ostiary.Storage.Sqlite;

internal static class GrantRow
{
    public const string Select =
        "SELECT id, status, generation, created, expires, rotated, used, ended, reason, client, request, approval FROM grants";

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
            Request = row.Json(10, GrantJson.ReadRequest),
            Approval = row.IsNull(11) ? null : row.Json(11, GrantJson.ReadApproval),
        };
}
