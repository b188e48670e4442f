using System.Globalization;
using Ostiary.Bench.Subjects;
using Ostiary.Server.Grants;

namespace Ostiary.Bench.Growth;

/// <summary>The database makes the identities itself, so nothing has to travel.</summary>
internal sealed class PostgresLoader(PostgresDatabase server, string database) : IGrantLoader
{
    public async Task LoadAsync(GrantId template, long first, long end)
    {
        var columns = (
            await server.SqlAsync(
                "SELECT column_name FROM information_schema.columns WHERE table_name = 'grants' ORDER BY ordinal_position",
                database
            )
        ).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var values = columns.Select(column =>
            column switch
            {
                "id" => "encode(substring(sha256(convert_to(n::text, 'UTF8')) for 16), 'hex')::uuid",
                "expires" or "due" => $"{column} + n % 86400000",
                _ => column,
            }
        );
        var source = Convert.ToHexString(template.ToArray());
        await server.SqlAsync(
            string.Create(
                CultureInfo.InvariantCulture,
                $"INSERT INTO grants ({string.Join(", ", columns)}) SELECT {string.Join(", ", values)} FROM grants, generate_series({first}, {end - 1}) AS n WHERE id = '{source}'::uuid"
            ),
            database
        );
        await server.SqlAsync("VACUUM ANALYZE grants", database);
        await server.SqlAsync("CHECKPOINT", database);
    }

    public async Task<long> SizeAsync() =>
        long.Parse(await server.SqlAsync("SELECT pg_total_relation_size('grants')", database), CultureInfo.InvariantCulture);
}
