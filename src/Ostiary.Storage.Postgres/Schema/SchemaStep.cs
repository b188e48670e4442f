namespace Ostiary.Storage.Postgres.Schema;

/// <summary>One numbered change of the tables. Every statement may be run again after a step that was cut short.</summary>
internal sealed record SchemaStep
{
    public required int Version { get; init; }

    /// <summary>
    /// The oldest version of a program that can work with the tables after this step. An expanding step only adds what older ones need not know, and leaves it
    /// as it was; a contracting step removes what they need, and raises it.
    /// </summary>
    public required int OldestThatRuns { get; init; }

    /// <summary>
    /// What is added to the tables. Where a table is in use each statement must do with its description alone, as a column without a value does;
    /// it is stopped when it holds or waits for a lock longer than a moment, and tried again.
    /// </summary>
    public IReadOnlyList<string> Statements { get; init; } = [];

    /// <summary>What only PostgreSQL itself knows.</summary>
    public IReadOnlyList<string> OnPostgres { get; init; } = [];

    /// <summary>Indexes to build beside the traffic, after the statements: name, and the rest of the statement after it.</summary>
    public IReadOnlyList<(string Name, string On)> Indexes { get; init; } = [];

    /// <summary>
    /// Fills what the statements added, a thousand rows at a time, each batch a commit of its own. Run until it changes nothing, so it must not find again
    /// what it has filled.
    /// </summary>
    public string? Fill { get; init; }

    /// <summary>What a contracting step takes away, after all the rest.</summary>
    public IReadOnlyList<string> Removals { get; init; } = [];
}
