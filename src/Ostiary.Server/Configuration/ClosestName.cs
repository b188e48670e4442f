namespace Ostiary.Server.Configuration;

/// <summary>The known name that a mistyped one is nearest to.</summary>
public static class ClosestName
{
    /// <summary>Null where no name is near: more than a third of the letters differ.</summary>
    public static string? Of(string typed, IEnumerable<string> known)
    {
        if (typed.Length > 100)
            return null;
        string? closest = null;
        var least = int.MaxValue;
        foreach (var name in known)
        {
            var distance = Distance(typed, name);
            if (distance < least && distance <= Math.Max(2, Math.Max(name.Length, typed.Length) / 3))
                (closest, least) = (name, distance);
        }
        return closest;
    }

    /// <summary>How many letters must be inserted, removed, replaced or swapped with their neighbour; capital letters and separators count as the same.</summary>
    private static int Distance(string left, string right)
    {
        var rows = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
            rows[i, 0] = i;
        for (var j = 0; j <= right.Length; j++)
            rows[0, j] = j;
        for (var i = 1; i <= left.Length; i++)
        {
            for (var j = 1; j <= right.Length; j++)
            {
                var same = Fold(left[i - 1]) == Fold(right[j - 1]) ? 0 : 1;
                rows[i, j] = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + same);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        }
        return rows[left.Length, right.Length];
    }

    private static char Fold(char c) => c is '-' or '.' or ' ' ? '_' : char.ToLowerInvariant(c);
}
